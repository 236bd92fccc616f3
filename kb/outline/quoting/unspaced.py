"""Chinese, Japanese and Korean: how much a text says, and whether it leans on what stands around it. Pure."""

from __future__ import annotations

import re

from kb.notes.words import unspaced

LATIN_LETTERS, LETTERS_OF_A_WORD = 2, 2  # that a letter of such a script is worth; letters of a word of one, on average

_BEGINS = re.compile(
    r"(?:这|该|此|其(?![他余])|它|他们|她们|前者|后者|上述|以上|以下|如上|如下|下面|下图|上图|那里|由此|"
    r"因此|因而|所以|从而|于是|但(?!凡)|然而|不过|可是|而(?!言)|并且|且|另外|另一|此外|同时|同样|类似地|相反|相比之下|反之|"
    r"接着|然后|随后|最后|首先|其次|再次|第[一二三四五][,，步点个类种]|即(?![使便将时])|也就是说|换句话说|换言之|例如|比如|"
    r"总之|总的来说|具体来说|具体而言|那么|就是|也(?!许)|则|"
    r"これ|それ|あれ|この|その|あの|ここ|そこ|こう|そう|こちら|また(?!は)|さらに|しかし|ただし|なお|そして|そのため|"
    r"従って|したがって|よって|つまり|すなわち|例えば|たとえば|一方|次に|最後に|まず|同様に|上記|下記|彼|"
    r"이(?:는|를|에|로|와)? |이것|이러한|이런|이처럼|이와 |그(?:는|를)? |그것|그런|그러|그리고|그래서|하지만|따라서|"
    r"또한|즉|예를 들어|위의|아래|다음|해당|여기)"
)
_OF_THE_TEXT = re.compile(
    r"(?:参考|引用|来源|出处|转载|原文|论文|链接|地址|作者|标签)(?:论文|文献|链接|地址)?\s*[:：]|"
    r"如[图表]|[图表]\s?\d|(?:上|下|左|右)[图表]|见(?:上|下)文|点击|欢迎|本(?:节|章|笔记|系列|教程|课程)|"
    r"図\s?\d|表\s?\d|本(?:記事|稿|節)|그림\s?\d|표\s?\d|이 (?:글|장|절)|참고\s*[:：]"
)
_OPEN_END = re.compile(r"(?:[：；，、]|如下|以下の通り|다음과 같다|的|和|与|及|或|是|为)[。.]?$")
_PAIRS = (("（", "）"), ("「", "」"), ("『", "』"), ("【", "】"), ("《", "》"))


def is_unspaced(text: str) -> bool:
    """Whether most letters of a text belong to scripts without blanks."""
    return 2 * unspaced(text) > sum(map(str.isalpha, text))


def width(text: str) -> int:
    """The length of a text in Latin letters, which say less each."""
    return len(text) + (LATIN_LETTERS - 1) * unspaced(text)


def word_count(text: str) -> int:
    """About how many words a text has, in whatever script."""
    return len(text.split()) + unspaced(text) // LETTERS_OF_A_WORD


def leans(text: str) -> bool:
    """Whether a text begins with a reference to what precedes it."""
    return bool(_BEGINS.match(text.lstrip("\"'“‘「『（(*_")))


def is_of_the_text(text: str) -> bool:
    """Whether a text points at a figure, a source or a part of what it stands in."""
    return bool(_OF_THE_TEXT.search(text))


def is_open(text: str) -> bool:
    """Whether a text ends before what it announces, or lacks half of a pair of brackets."""
    return bool(_OPEN_END.search(text)) or any(text.count(one) != text.count(other) for one, other in _PAIRS)
