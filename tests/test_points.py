"""Only what states something about the subject can become a point."""

from __future__ import annotations

import textwrap

import pytest

from kb.models import NoteFile
from kb.notes.chunking import chunk_note
from kb.notes.parse import parse_note
from kb.outline.quoting.leaning import is_before_an_item
from kb.outline.quoting.runs import runs

STATED = "Neighbour sampling bounds the memory that one step needs."


def points_of(text: str) -> list[str]:
    note = parse_note(NoteFile(path="a.md", size=1, mtime_ns=1, text=text, sha256="0"))
    return [found.text for chunk in chunk_note(note, lambda part: len(part.split()), 200) for found in runs(chunk)]


@pytest.mark.parametrize(
    "heading",
    [
        "References",
        "7. Bibliography",
        "How to cite this page",
        "See also:",
        "Acknowledgements",
        "参考文献",
        "Preface",
        "About this book",
        "2. About the authors",
        "Contributing",
        "Additional resources",
        "Navigating this guide",
        "Course logistics",
    ],
)
def test_the_apparatus_of_a_text_has_no_points(heading: str) -> None:
    """Lists of works, thanks and prefaces say nothing about the subject; a heading that goes on is another."""
    entry = "A. Person et al. A long enough title of some work, 2021."
    assert points_of(f"# Sampling\n\n{STATED}\n\n## {heading}\n\n- {entry}\n") == [STATED]
    inner = f"# Sampling\n\n{STATED}\n\n## {heading}\n\n### More of the same\n\n- {entry}\n"
    assert points_of(inner) == [STATED]
    assert points_of("# References in the heap\n\n" + STATED) == [STATED]


def test_a_sentence_that_a_formula_completes_is_no_point() -> None:
    """Its words alone lead in to the formula or go on after it."""
    text = (
        f"{STATED} The variance of the estimate over all seeds is then\n\n$$\n\\sigma^2\n$$\n\n"
        "where the mean is taken over the sampled neighbours alone.\n\n"
        "The variance of the estimate is bounded by the degree.\n$$\n\\sigma\n$$\n"
    )
    assert points_of(text) == [STATED, "The variance of the estimate is bounded by the degree."]


def test_a_claim_that_a_formula_spells_out_is_a_point() -> None:
    """What is said before the colon is quoted if it claims something without the formula."""
    formula = "\n\n$$\ny = W x + B A x\n$$\n"
    claim = "Freeze the matrix $W$ and learn an update of low rank"
    assert points_of(f"{claim}:{formula}") == [claim]
    assert points_of(f"With a rank of eight the hidden state of a layer is then computed:{formula}") == []
    assert points_of(f"A layer of low rank is the plainest map that can satisfy this:{formula}") == []
    assert points_of(f"{claim}:\n\n- the first of two long items that are no formula\n")[:1] != [claim]


@pytest.mark.parametrize(
    "aside",
    [
        "Please open an issue if a link to one of the datasets is dead.",
        "Check out the talk of last year's winter school on sampling.",
        "Thanks to everyone who sent corrections to the first edition.",
        "Welcome to the fourth week, in which samplers are compared.",
        "The code of all four samplers is available on the website.",
        "I highly recommend reading the appendix of the thesis on samplers.",
        "The workshop will introduce samplers for graphs that do not fit.",
        "A gentle introduction to samplers for people without a GPU.",
        "Members of our academy get the second edition at a discount.",
        "Learn how to write a sampler that never visits a node twice.",
        "Sampling is a critical practice for training deep networks on large graphs.",
        "Samplers represent a paradigm shift in how graph networks are trained.",
        "The large graph example demonstrates how a sampler bounds the memory.",
        "In fact, this simple example shows that a sampler bounds the memory.",
        "Think of it as a cache that holds the neighbours of a hub for a while.",
        "Now run the sampler on a graph of one million nodes of any degree.",
        "Paper: Ann Person et al., 2017 Link: arXiv:1706.00000 Problem: hubs of a graph",
        "Person et al. (2023), An Empirical Study of Samplers for Very Large Graphs.",
        "E.g., a sampler that draws nodes of a high degree fills the memory.",
        "Use code SAMPLER20 to get the second edition of the book.",
        "Get an extra 20% off the second edition of the book on samplers.",
        "The survey also discusses other topics, such as privacy and cost.",
        "You can combine it with a cache to draw twice as many neighbours.",
        "During training, they draw the neighbours of a hub only once.",
        "We can see that the second row has the larger values again.",
        "B. Person and C. Other, sampling in a forest of trees, pp. 12-29.",
        "Doe et al.: Sampling for people in a hurry, a survey, 2021.",
        "Sampling is one of the most important topics in graph learning.",
        "Layer-wise samplers have recently gained a lot of attention.",
        "To check that the sampler can visit each of the nodes.",
        "Better than uniform draws for nodes of a high degree.",
        "We update the list of samplers every week, with their authors.",
        "draw_nodes.py is a script that draws nodes of a high degree.",
        "Further, a sampler that sees all of the graph is slower.",
        "Now while the sampler runs, the device has nothing to do.",
        "Given the sampler above, the variance grows with the degree.",
        "A sampler (with a cache) solves some of these problems of scale.",
        "Person et al., “Samplers for graphs of one million nodes,” 2020.",
        "In Advances in Sampling of Graphs, volume 35, pages 12–29, 2022.",
        "Person, A., Other-Third, B., and Fourth, C.",
        "Ann Person, Bo Other, Cy Third, Di Fourth, et al. Samplers for hubs.",
        "Emergent samplers of very large graphs, a first report, 2022.",
        'Person, Ann, et al. "Samplers for graphs." GSC20: Conference on Samplers and Caches. IEEE, 2020.',
        'B. Person and C. Öther, "A survey of node samplers," 2019 IEEE Symposium on Graphs, 2019.',
        "Readers of the sampler can read more about the variance of hubs.",
        "All lessons on samplers are available in English and Spanish.",
        "A collection of short working notes on samplers and caches.",
        "Concise technical notes on samplers for very large graphs.",
        "Based on a study of samplers by three people Source: arXiv:2309.06180.",
        "For samplers with a cache, see the companion page on device memory.",
        "Based on Ann Person's article about samplers (Apr 2024)",
        "2This would be similar to a sampler with a cache of hubs.",
        "Person, A., Other, B., & Third, C. (2016, June). Samplers: a library for very large hubs. Letters of Hubs.",
        "Ann Person, Bo Other, and Cy Third. 2016. Samplers: a library for very large hubs. Letters of Hubs.",
        "Letters of Graph Sampling, 37:50528–50652, 2024.",
        "The paper to hand to anyone who draws neighbours by degree.",
        "In a ring of nodes the second term of the variance is zero.",
        "✅ Draw four neighbours ❌ draw all neighbours of a hub at once",
        "There is a huge demand for samplers that need no second pass.",
        "参考论文：《面向超大规模图的邻居采样方法》，发表于某次国际会议。",
        "因此采样器在每一步训练中只需要读取四个邻居的特征。",
        "采样器在每一步训练中依次完成以下几项重要的工作：",
        "この標本抽出器は各節点について四つの隣接点だけを読み込む。",
        "이러한 샘플러는 각 노드에서 네 개의 이웃만 읽어 들인다.",
        "A set of notes on samplers, with exercises for each week.",
        "Created a new page on samplers with a cache in device memory.",
        "To read more about samplers with a cache, ask the library.",
        "For samplers with a cache, refer to the thesis of last year.",
        "In the node sampling section, samplers drew four neighbours.",
        "My new book on samplers has four chapters on cache sizes.",
        '"How many neighbours does a sampler draw for each node?"',
        "Where $s$ is the number of nodes that a sampler draws at once.",
        "$$s$$ is the number of nodes that a sampler draws for one step.",
        "The sam- pler draws four neigh- bours for each of the nodes.",
        "4.3 Node Samplers Four samplers draw neighbours in one step.",
        "On dense graphs that dominates the features of the nodes.",
        "Useful when a hub fills the batch; misleading in a small graph.",
        "Say for instance that four of ten sampled nodes are relevant.",
        "Some examples include samplers by layer and samplers by degree.",
        "The sampler is a map, and here are some things to think about.",
        "Until now, we have only discussed samplers of a single node.",
        "The aim is to give a brief summary of samplers for hubs.",
        "I knew most samplers, so I just wrote down the interesting bits.",
        "Anyway, below are the six main parts of a sampler for hubs.",
        "There are three main types of samplers for large graphs.",
        "If you are interested in samplers for hubs, a longer text exists.",
        "Popular samplers include GraphSAGE, FastGCN, LADIES, and GraphSAINT.",
        "The four samplers are: GraphSAGE, FastGCN, LADIES and Cluster-GCN.",
        "├─ Uniform: draw each of the neighbours with the same chance",
        "Person et al., Sampling 2019, from the university of the nodes.",
        "Person, Other and Third (Sampling 2019).",
        "Today we draw the neighbours of a hub by their degree.",
        "In the exercises below a sampler draws four neighbours.",
        "For the second set of exercises, four samplers are compared.",
        "We have now reached the end of a chapter on node samplers.",
        "Try to draw the neighbours of a hub with another sampler.",
        "Understand the concept of samplers that draw four neighbours.",
        "Be able to draw the neighbours of a hub with two samplers.",
        "Hopefully you have now seen how a sampler draws neighbours.",
        "We begin by motivating the study of samplers on large graphs.",
        "Earlier you have seen how a sampler draws the neighbours of a hub.",
        "Here we will introduce a sampler that bounds the memory of a step.",
        "In the first set of exercises, we are therefore going to focus on samplers.",
        "For a practical look at how samplers bound the memory, see the survey of one company.",
        "Basic knowledge of how samplers can be used in a continuous way",
        "Can create basic samplers for the graphs of your own models",
        "Learn the basics of samplers, and how to use one on your graph.",
        "footnote: the memory of one step is that of all neighbours.",
        "$N(v)$: the set of neighbours that a sampler draws for a node.",
        "A sampler with a cache combines both for robustness.",
        "The new sampler combines them to avoid a second pass.",
        "Trained on four months of one graph, it draws 15 percent fewer nodes.",
        "Explain why you cannot keep a cache for each of the samplers.",
        "An interviewer rarely says that a sampler is to be designed.",
        "Read the sections in order the first time; samplers come last.",
        "The table separates what two samplers share from where they differ.",
        "Suppose a hub has a million neighbours and the sampler four.",
        "Imagine a sampler that draws the neighbours of a hub.",
        "Since there are five walks of the same length: 111, 112, 121",
        "When the graph of a sampler has hubs (pages, people, shops)",
        "After step 2 the sampler has four neighbours of each node.",
        "Start by filling the file of the sampler with some simple code.",
        "Figure out how the sampler draws the neighbours of a hub.",
        "Go to the monitoring page and open the tab of the sampler.",
        "Copy the data of the sampler into the folder of the run.",
        "Implement a small function that draws four neighbours of a node.",
        ":bulb: A sampler draws four neighbours of every node at once.",
        "A draw \\frac{n}{k} of all neighbours has the least variance.",
        "The variance of a draw is therefore higher for a larger hub.",
        "We thus draw a neighbour of every hub in each of the steps.",
        "A sampler of nodes then trains that model on four neighbours.",
    ],
)
def test_what_a_note_says_beside_its_subject_is_no_point(aside: str) -> None:
    """Invitations, thanks, announcements, entries of bibliographies, praise and fragments state nothing to build on."""
    assert points_of(f"# Sampling\n\nAn opening remark.\n\n{STATED}\n\n{aside}\n\n- {aside}\n") == [STATED]


@pytest.mark.parametrize(
    "claim",
    [
        "Sampling is important because a hub of a million nodes fills the batch.",
        "Sampled neighbours are available to the layer before its weights are read.",
        "The key advantage of sampling is that memory no longer grows with the degree.",
        "With a discount factor of 0.9 the sampler visits nodes of a low degree.",
        "The majority class will fill each batch unless nodes are drawn by class.",
        "Each node receives attention from the neighbours in the previous layer.",
        "Nodes of a high degree are found in every batch of the uniform sampler.",
        "Better samplers draw fewer nodes, and training takes half the time.",
        "To sample a hub of high degree takes longer than to train on it.",
        "The course of the loss follows the degree of the sampled nodes.",
        'Person et al. "Samplers for hubs" (2020) shows that a cache halves the time.',
        "A collection of shards holds the neighbours of a hub of high degree.",
        "There are three samplers, of which the uniform one has the largest variance.",
        "Person et al. (Sampling 2019) sort samplers by stage: node, layer, graph.",
        "Samplers such as FastGCN, LADIES and GraphSAINT outperform uniform draws by 4%.",
        "The costs are memory for the cache, time for the draw, and variance.",
        "邻居采样把每一步所需的显存限制在常数之内，与节点的度无关。",
        "隣接点の標本抽出は、一歩に必要な記憶を節点の次数によらず一定に保つ。",
        "이웃 샘플링은 한 단계에 필요한 메모리를 노드의 차수와 무관하게 제한한다.",
        "GraphCache层先把邻居的特征写入显存，再由下一层读取。",
        "A draw of $\\frac{n}{k}$ neighbours has the least variance of all.",
        "Training objectives of samplers differ in how they weigh a hub.",
        "Person et al. (2023), in a study of samplers, measure 4% less variance.",
        "Person et al. (2023): samplers of nodes need less memory than samplers of layers.",
        "A sampler within 12 % off the best draws half of the neighbours.",
        "You can combine a cache with a sampler to draw twice as many nodes.",
        "During the training of two samplers, they share the same cache.",
        "Each exercise of the option to sample again costs a full pass.",
        "Implement sampling in the loader, where a worker waits anyway.",
        "Today most samplers draw the neighbours of a node by its degree.",
        "As the name suggests, a node sampler draws single nodes of a graph.",
        "A sampler idles devices at the end of the pipeline of its loader.",
        "Start by sampling a single batch: if the loss stays high, there is a bug.",
        "With a probe you can inspect what each layer of a sampler reads.",
        "The cost of a draw is \\(\\mathcal{O}(n^2)\\) in the degree of the hub.",
    ],
)
def test_a_claim_with_the_words_of_an_aside_is_a_point(claim: str) -> None:
    """What says why, how much or of what is quoted, in whatever words."""
    assert points_of(f"# Sampling\n\n{claim}\n") == [claim]


@pytest.mark.parametrize("appeared", ["Person et al., OSDI 2014.", "Person and Writer, NeurIPS 2017."])
def test_claims_after_where_a_work_appeared_are_points(appeared: str) -> None:
    """Who wrote a work, and at which venue, is no point; what the same paragraph says of it is."""
    claim = "A cache that keeps the neighbours of hubs halves the time of an epoch."
    assert points_of(f"# Sampling\n\n{appeared} {claim}\n") == [claim]


def test_a_bibliography_has_no_points() -> None:
    """Where most of a passage are works, its other sentences are titles too; one citation in prose is not most."""
    title = "Encouraging divergent samplers through debate of many nodes."
    works = "\n\n".join(f"Person et al. Samplers of kind {number}. arXiv preprint, 2023." for number in range(4))
    assert points_of(f"# Sampling\n\n{STATED}\n\n## Works\n\n{works}\n\n{title}\n") == [STATED]
    assert STATED in points_of(f"# Sampling\n\n{STATED}\n\nPerson et al. Samplers. arXiv preprint, 2023.\n")


def test_a_reading_list_has_no_points() -> None:
    """Titles that stand as items of a list state nothing, also where one is a whole sentence."""
    titles = ("How Samplers Visit Every Node of a Large Graph", "Node Samplers: A Survey", "Caches for Sampled Hubs")
    items = "\n".join(f"- [ ] {title}" for title in titles)
    assert points_of(f"# Sampling\n\n## Papers\n\n- Samplers\n{items}\n") == []
    assert points_of(f"# Sampling\n\n{STATED}\n\n- [ ] {titles[1]}\n") == [STATED]


def test_a_bibliography_of_several_sentences_a_work_has_no_points() -> None:
    """Where every third sentence says where a work appeared, those between are names and titles."""
    works = " ".join(
        f"Ann Person and Bo Other. Sampler {number} draws the neighbours of a hub. arXiv preprint, 2023."
        for number in ("one", "two", "three", "four")
    )
    assert points_of(f"# Sampling\n\n{STATED}\n\n## Works\n\n{works}\n") == [STATED]


def test_an_index_of_notes_has_no_points() -> None:
    """Where most of a passage say what other notes have, none of it is a claim; one such line among claims may be."""
    entries = [
        f"[[Sampler {number}]]: a sampler that draws {number} neighbours of each of the nodes" for number in "2345"
    ]
    assert points_of("# Samplers\n\n" + "\n\n".join(entries)) == []
    assert points_of("# Samplers\n\n" + "\n".join(f"- {entry}" for entry in entries)) == []
    assert len(points_of(f"# Samplers\n\n- {entries[0]}\n- {STATED}\n- {STATED.replace('one', 'a')}\n")) == 3


def test_a_sentence_that_a_list_completes_is_no_point() -> None:
    """A sentence without its end is the lead-in of the list below it, or of the items of its own."""
    said = "Samplers that fit on a device come in three different forms"
    assert points_of(f"# Samplers\n\n{said}\n\n- uniform\n- by layer\n") == []
    assert points_of(f"# Samplers\n\n- {said}\n    - uniform\n    - by layer\n") == []
    assert points_of(f"# Samplers\n\n- {said}\n- uniform\n") == [said]


def test_the_number_of_an_item_ends_no_point() -> None:
    """A list within a line is no row of sentences that each end with a number; a sentence may end with one."""
    items = ["Draw any neighbour of a node of the graph 2.", "Choose the neighbours of it by their degree 3."]
    assert all(is_before_an_item(item, items) for item in items)
    assert is_before_an_item("Samplers of large graphs come in these forms: 1.", [])
    assert not is_before_an_item("Samplers of large graphs use a fan-out of 3.", [STATED])
    said = "Samplers of large graphs come in different forms: 1. All draw neighbours."
    assert points_of(f"# Samplers\n\n{said}\n") == []


def test_a_means_without_its_end_is_no_point() -> None:
    """What something is done by says nothing without what is done."""
    assert points_of("# Samplers\n\nBy providing a careful comparison of the neighbours of all nodes.\n") == []
    assert points_of("# Samplers\n\nBy drawing fewer neighbours a sampler keeps the batch small.\n") != []


def test_items_without_a_mark_at_their_end_are_not_run_together() -> None:
    """The lead-in of a list is quoted with its first item, or with more of them where marks divide these; one that
    counts what the list has, only with all.
    """
    told = "A sampler for hubs of a high degree"
    items = "- a cache of the neighbours\n- a draw of one of them\n"
    assert points_of(f"{told} needs:\n\n{items}") == [f"{told} needs: a cache of the neighbours"]
    assert points_of(f"{told} has two parts:\n\n{items}") == []
    assert points_of(f"The flow of {told.lower()} is:\n\n{items}") == []
    divided = f"{told} has two parts: a cache of the neighbours; a draw of one of them."
    assert points_of(divided.replace(": a", ":\n\n- a").replace("; a", ";\n- a")) == [divided]


def test_an_entry_of_a_list_of_links_is_no_point() -> None:
    """What stands behind a link says what the linked page has; a link within a sentence does not matter."""
    entries = "- [Sampler notes](a.md): basic background for samplers\n- **[Cache](b.md)** - how a cache is filled\n"
    inside = "- Sampling with [a cache](b.md) halves the time of a step.\n"
    assert points_of(f"# Sampling\n\n{entries}{inside}") == ["Sampling with a cache halves the time of a step."]


def test_a_sentence_that_code_completes_is_no_point() -> None:
    """A sentence without its end, above code, leads in to it; one that ends before the code does not."""
    code = "\n\n```\nsampler = Sampler(16)\n```\n"
    assert points_of(f"With sixteen neighbours for each of the nodes the call is then{code}") == []
    assert points_of(f"{STATED}{code}") == [STATED]


def test_an_item_is_quoted_without_its_mark() -> None:
    """A number in an enumeration, and the mark of a summary, mean nothing outside it."""
    assert points_of(f"TL;DR: {STATED}\n\n**2. {STATED.replace('step', 'pass')}**\n") == [
        STATED,
        STATED.replace("step", "pass"),
    ]


def test_the_authors_are_quoted_where_a_label_names_their_work() -> None:
    """The sentence that opens a passage goes under its heading; in another one nobody knows whose authors they are."""
    said = "The authors bound the memory of a step by sampling neighbours."
    assert points_of(f"# Sampling\n\n{said}\n") == [said]
    assert points_of(f"# Sampling\n\n{STATED} {said}\n") == [STATED]


def test_a_step_is_quoted_with_the_steps_before_it() -> None:
    """The second of several steps goes on from the first; the second of several claims stands alone."""
    first, second = "Draw four neighbours of each node in turn.", "Multiply the loss by the inverse of their share."
    steps = points_of(f"# Sampling\n\n1. {first}\n2. {second}\n")
    assert steps == [first, f"{first} {second}"]
    for claim in (
        "A hub of a million nodes fills the whole batch.",
        "Sampling the hubs alone costs half of the memory.",
    ):
        assert claim in points_of(f"# Sampling\n\n1. {first}\n2. {claim}\n")


@pytest.mark.parametrize("margin", ["    ", "\t"])
def test_what_an_admonition_holds_is_prose(margin: str) -> None:
    """The box of MkDocs is no code, and its head no sentence; code within it is."""
    claim = "A hub of a million nodes fills the whole batch."
    held = f"{claim}\n\n```python\nhub = draw(graph)\n```\n\n"
    box = f'!!! warning "Hubs"\n\n{textwrap.indent(held, margin)}Nodes have a degree.\n'
    chunks = chunk_note(
        parse_note(NoteFile(path="a.md", size=1, mtime_ns=1, text=f"# Sampling\n\n{box}", sha256="0")),
        lambda part: len(part.split()),
        200,
    )
    assert [entry.text for chunk in chunks for entry in runs(chunk)] == [claim]
    assert "".join(chunk.kinds for chunk in chunks).replace(" ", "").endswith("kpcccp")
