// The map as it is drawn: where notes lie on the canvas, which one is under the pointer, what a lasso holds.
const EDGE = 36; // pixels around the notes when all are shown
const REACH = 8; // pixels beyond the edge of a note within which it is hit
const CLOSER = 1.3; // of a step of zooming
const MOST = 60; // times, at which one cannot zoom in any further
const CROWD = 700; // notes, beyond which they are drawn smaller
const NAMED = 40; // notes in view, up to which each has its title
const [SOLID, FADED, LEAST_LIT] = [0.85, 0.12, 0.4]; // opacity of notes
const LONGEST = 44; // characters of a label
const SHIFTS = [0, -8, 8, -16, 16, -24, 24, -32, 32]; // pixels, by which a label may lie above or below its cluster
const NARROW = 420; // pixels, below which labels are smaller

/** How visible a hit of a query is, by its score. */
export function lightOf(score) {
  return LEAST_LIT + (1 - LEAST_LIT) * score;
}

function shortened(text) {
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
}

export class Plot {
  constructor(canvas, notes, clusters, view) {
    Object.assign(this, { canvas, notes, clusters, view, lit: null, chosen: new Set(), focus: -1, hover: -1, lasso: null });
    this.context = canvas.getContext("2d");
    this.painting = 0;
  }

  /** Take the size of the canvas on the page, and its colours. */
  resize() {
    const { width, height } = this.canvas.getBoundingClientRect();
    const density = devicePixelRatio || 1;
    Object.assign(this, { width, height, density });
    Object.assign(this.canvas, { width: Math.round(width * density), height: Math.round(height * density) });
    this.paint();
  }

  fit() {
    this.view = { zoom: 1, x: 0, y: 0 };
    this.paint();
  }

  get scale() {
    return (Math.min(this.width, this.height) / 2 - EDGE) * this.view.zoom;
  }

  /** Stretch along the longer side by as much as still looks like the same map. */
  get stretch() {
    const ratio = (this.width / 2 - EDGE) / Math.max(this.height / 2 - EDGE, 1);
    return ratio > 1 ? { x: Math.min(ratio, 1.8), y: 1 } : { x: 1, y: Math.min(1 / ratio, 1.4) };
  }

  place({ x, y }) {
    return {
      x: this.width / 2 + (x - this.view.x) * this.scale * this.stretch.x,
      y: this.height / 2 + (y - this.view.y) * this.scale * this.stretch.y,
    };
  }

  /** The radius of a note: its area grows with its passages; those of many notes are smaller until one zooms in. */
  radius(note) {
    return Math.min(3 + Math.sqrt(note.passages), 11) * Math.min(1, Math.sqrt((CROWD * this.view.zoom) / this.notes.length));
  }

  /** Zoom by a factor; what is at a point of the canvas stays there. */
  zoom(factor, at = { x: this.width / 2, y: this.height / 2 }) {
    const zoom = Math.max(1, Math.min(MOST, this.view.zoom * factor));
    const [right, down] = [(at.x - this.width / 2) / this.stretch.x, (at.y - this.height / 2) / this.stretch.y];
    const before = this.scale;
    this.view = { ...this.view, zoom };
    const by = 1 / before - 1 / this.scale;
    this.view = zoom === 1 ? { zoom, x: 0, y: 0 } : { zoom, x: this.view.x + right * by, y: this.view.y + down * by };
    this.paint();
  }

  closer(steps, at) {
    this.zoom(CLOSER ** steps, at);
  }

  pan(right, down) {
    const inside = (value) => Math.max(-1, Math.min(1, value));
    this.view = {
      ...this.view,
      x: inside(this.view.x - right / this.scale / this.stretch.x),
      y: inside(this.view.y - down / this.scale / this.stretch.y),
    };
    this.paint();
  }

  /** The number of the note at a point, -1 where there is none. */
  noteAt(at) {
    let [found, nearest] = [-1, REACH];
    this.notes.forEach((note, number) => {
      const { x, y } = this.place(note);
      const away = Math.hypot(x - at.x, y - at.y) - this.radius(note);
      if (away < nearest) [found, nearest] = [number, away];
    });
    return found;
  }

  /** The numbers of the notes within a closed line. */
  within(line) {
    return this.notes.flatMap((note, number) => (isInside(this.place(note), line) ? [number] : []));
  }

  /** The next note from the focused one in a direction; the most central one when there is none. */
  towards(right, down) {
    const from = this.focus < 0 ? { x: this.width / 2, y: this.height / 2 } : this.place(this.notes[this.focus]);
    let [found, least] = [this.focus, Infinity];
    this.notes.forEach((note, number) => {
      const { x, y } = this.place(note);
      const along = (x - from.x) * right + (y - from.y) * down;
      const aside = Math.abs((x - from.x) * down) + Math.abs((y - from.y) * right);
      const cost = this.focus < 0 ? Math.hypot(x - from.x, y - from.y) : along + 2 * aside;
      const ahead = this.focus < 0 || (number !== this.focus && along > 0 && aside <= 2 * along);
      if (ahead && cost < least) [found, least] = [number, cost];
    });
    return found;
  }

  /** Bring a note into view. */
  show(number) {
    const { x, y } = this.place(this.notes[number]);
    if (x < EDGE || y < EDGE || x > this.width - EDGE || y > this.height - EDGE) {
      this.pan(this.width / 2 - x, this.height / 2 - y);
    }
  }

  /** Draw before the next frame, once. */
  paint() {
    cancelAnimationFrame(this.painting);
    this.painting = requestAnimationFrame(() => this.draw());
  }

  draw() {
    const { context: pen, density, width, height } = this;
    const style = getComputedStyle(this.canvas);
    const colours = new Map();
    const colour = (name) => {
      if (!colours.has(name)) colours.set(name, style.getPropertyValue(`--${name}`).trim());
      return colours.get(name);
    };
    pen.setTransform(density, 0, 0, density, 0, 0);
    pen.clearRect(0, 0, width, height);
    const light = (note) => (this.lit ? this.lit.get(note.path) || FADED : SOLID);
    const order = this.notes.map((_, number) => number);
    if (this.lit) order.sort((one, other) => light(this.notes[one]) - light(this.notes[other])); // the best on top
    for (const number of order) {
      const note = this.notes[number];
      pen.globalAlpha = light(note);
      this.drawNote(note, colour, this.chosen.has(note.path) || number === this.focus || number === this.hover);
    }
    pen.globalAlpha = 1;
    if (this.lasso) this.drawLasso(colour);
    pen.font = `600 ${width < NARROW ? 11 : 13}px ${style.fontFamily}`;
    this.drawLabels(colour);
    const pointed = this.hover >= 0 ? this.hover : this.focus;
    if (pointed >= 0) this.drawTip(this.notes[pointed], colour);
  }

  drawNote(note, colour, marked) {
    const { context: pen } = this;
    const { x, y } = this.place(note);
    const radius = this.radius(note);
    if (x < -radius || y < -radius || x > this.width + radius || y > this.height + radius) return;
    pen.beginPath();
    if (note.kind === "post") pen.rect(x - radius, y - radius, 2 * radius, 2 * radius);
    else if (note.kind === "outline") diamond(pen, x, y, radius * 1.3);
    else pen.arc(x, y, radius, 0, 2 * Math.PI);
    if (note.area === "outside") {
      [pen.strokeStyle, pen.lineWidth] = [colour(note.area), 2];
      pen.stroke();
    } else {
      [pen.fillStyle, pen.strokeStyle, pen.lineWidth] = [colour(note.area), colour("sheet"), 1];
      pen.fill();
      pen.stroke();
    }
    if (!marked) return;
    pen.globalAlpha = 1;
    pen.beginPath();
    pen.arc(x, y, radius + 4, 0, 2 * Math.PI);
    [pen.strokeStyle, pen.lineWidth] = [colour("ink"), 2];
    pen.stroke();
  }

  drawLasso(colour) {
    const { context: pen } = this;
    pen.beginPath();
    for (const { x, y } of this.lasso) pen.lineTo(x, y);
    pen.closePath();
    [pen.strokeStyle, pen.fillStyle, pen.lineWidth] = [colour("accent"), colour("accent"), 1.5];
    pen.setLineDash([5, 4]);
    pen.stroke();
    pen.setLineDash([]);
    pen.globalAlpha = 0.08;
    pen.fill();
    pen.globalAlpha = 1;
  }

  /** The names of the clusters, the largest first, and the titles of a few notes; none covers another. */
  drawLabels(colour) {
    const taken = [];
    const bySize = this.clusters.filter(({ notes }) => notes).sort((one, other) => other.notes - one.notes);
    const spots = this.notes.map((note) => ({ ...this.place(note), radius: this.radius(note), title: note.title }));
    for (const { label, ...cluster } of bySize) this.drawLabel(label, this.clearest(label, this.place(cluster), spots), colour("ink"), taken);
    const near = spots.filter(({ x, y }) => x > 0 && y > 0 && x < this.width && y < this.height);
    if (near.length > NAMED) return;
    this.context.font = this.context.font.replace("600", "400");
    for (const { x, y, radius, title } of near) this.drawLabel(title, { x, y: y + radius + 14 }, colour("soft"), taken);
  }

  /** The place at or near a point at which a label covers the fewest notes. */
  clearest(text, { x, y }, spots) {
    const covered = ({ left, right, top, bottom }) =>
      spots.filter((at) => at.x > left - at.radius && at.x < right + at.radius && at.y > top - at.radius && at.y < bottom + at.radius).length;
    const choices = SHIFTS.map((shift) => ({ x, y: y + shift, covered: covered(this.boxOf(shortened(text), { x, y: y + shift })) }));
    return choices.reduce((best, choice) => (choice.covered < best.covered ? choice : best));
  }

  /** The room that a label takes around a point, moved sideways to lie within the canvas. */
  boxOf(label, { x, y }) {
    const half = this.context.measureText(label).width / 2;
    const middle = Math.max(half + 6, Math.min(this.width - half - 6, x));
    return { middle, left: middle - half - 4, right: middle + half + 4, top: y - 10, bottom: y + 10 };
  }

  drawLabel(text, { x, y }, colour, taken) {
    const { context: pen } = this;
    const label = shortened(text);
    const { middle, ...box } = this.boxOf(label, { x, y });
    const out = box.top < 0 || box.bottom > this.height || Math.abs(middle - x) > (box.right - box.left) / 2 + 56;
    if (out || taken.some((other) => box.left < other.right && box.right > other.left && box.top < other.bottom && box.bottom > other.top)) return;
    taken.push(box);
    [pen.textAlign, pen.textBaseline, pen.lineJoin] = ["center", "middle", "round"];
    [pen.strokeStyle, pen.lineWidth, pen.fillStyle] = [getComputedStyle(this.canvas).getPropertyValue("--sheet"), 4, colour];
    pen.strokeText(label, middle, y);
    pen.fillText(label, middle, y);
  }

  /** The title and path of a note next to it. */
  drawTip(note, colour) {
    const { context: pen } = this;
    const at = this.place(note);
    const family = getComputedStyle(this.canvas).fontFamily;
    const lines = [[`600 14px ${family}`, note.title, colour("ink")], [`12px ${family}`, note.path, colour("soft")]];
    const widest = this.width - 24;
    for (const line of lines) {
      pen.font = line[0];
      line[1] = fitted(pen, line[1], widest - 18);
      line.push(pen.measureText(line[1]).width);
    }
    const width = 18 + Math.max(...lines.map((line) => line[3]));
    const left = Math.max(4, Math.min(this.width - width - 4, at.x + 14));
    const top = at.y + 70 < this.height ? at.y + 14 : at.y - 62;
    pen.beginPath();
    pen.roundRect(left, top, width, 48, 6);
    [pen.fillStyle, pen.strokeStyle, pen.lineWidth] = [colour("paper"), colour("line"), 1];
    pen.fill();
    pen.stroke();
    [pen.textAlign, pen.textBaseline] = ["left", "middle"];
    lines.forEach(([font, text, ink], line) => {
      [pen.font, pen.fillStyle] = [font, ink];
      pen.fillText(text, left + 9, top + 16 + 18 * line);
    });
  }
}

/** The beginning of a text that is no wider than some pixels. */
function fitted(pen, text, widest) {
  if (pen.measureText(text).width <= widest) return text;
  let end = text.length;
  while (end > 1 && pen.measureText(`${text.slice(0, end)}…`).width > widest) end -= 1;
  return `${text.slice(0, end)}…`;
}

function diamond(pen, x, y, radius) {
  pen.moveTo(x, y - radius);
  pen.lineTo(x + radius, y);
  pen.lineTo(x, y + radius);
  pen.lineTo(x - radius, y);
  pen.closePath();
}

/** Whether a point lies inside a closed line: a ray from it crosses that an odd number of times. */
function isInside({ x, y }, line) {
  let inside = false;
  line.forEach((one, number) => {
    const other = line[(number || line.length) - 1];
    const crosses = one.y > y !== other.y > y && x < ((other.x - one.x) * (y - one.y)) / (other.y - one.y) + one.x;
    if (crosses) inside = !inside;
  });
  return inside;
}
