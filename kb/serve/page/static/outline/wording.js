// Which words two wordings share. Pure.

/** The words of both texts in order, in runs that are `in` both, only in the one before, or only in the one after. */
export function changes(before, after) {
  const [one, other] = [before, after].map((text) => text.match(/\S+\s*/g) || []);
  const bare = (word) => word.trim();
  // The lengths of the longest common subsequences of all that follows.
  const common = Array.from({ length: one.length + 1 }, () => new Uint16Array(other.length + 1));
  for (let i = one.length - 1; i >= 0; i--) {
    for (let j = other.length - 1; j >= 0; j--) {
      common[i][j] = bare(one[i]) === bare(other[j]) ? common[i + 1][j + 1] + 1 : Math.max(common[i + 1][j], common[i][j + 1]);
    }
  }
  const runs = [];
  const add = (side, word) => (runs.at(-1)?.in === side ? (runs.at(-1).text += word) : runs.push({ in: side, text: word }));
  let [i, j] = [0, 0];
  while (i < one.length || j < other.length) {
    if (i < one.length && j < other.length && bare(one[i]) === bare(other[j])) {
      add("both", `${bare(one[i++])} `);
      j++;
    } else if (j === other.length || (i < one.length && common[i + 1][j] >= common[i][j + 1])) add("before", one[i++]);
    else add("after", other[j++]);
  }
  return runs;
}
