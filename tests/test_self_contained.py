"""The rules by which a point can be read without its note."""

from __future__ import annotations

import pytest

from kb.evaluation.self_contained import faults
from kb.outline.quoting.leaning import is_cut, lacks_subject, leans_back, talks_of_the_text

READABLE = [
    ("Ring attention splits the sequence across devices and passes keys and values around a ring.", ""),
    ("A batch of 32 requests at 4,000 tokens fills an 80 GB card with a 13B model in fp16.", ""),
    ("Graph convolutions with sixteen layers lose 20 points of accuracy on citation graphs.", ""),
    ("Because decoding is bound by memory, a smaller cache means a larger batch.", ""),
    ("When a token exceeds an expert's capacity, the router drops it.", ""),
    ("vLLM preempts a request by recomputing its prefix or by swapping blocks to host memory.", ""),
    ("word2vec trains a shallow network to predict neighbouring words.", ""),
    ("There is no free lunch in quantisation: 3 bits cost two points of accuracy on MMLU.", ""),
    ("Methods such as LADIES sample nodes layer by layer.", ""),
    ("Those who serve many adapters keep the base weights resident and swap the deltas.", ""),
    ("Instead of padding, packed sequences share one row and a block-diagonal mask.", ""),
    ("Both recall and precision drop when the chunks are longer than 800 tokens.", ""),
    ("Either the feature is logged at serving time, or training reads another value.", ""),
    ("Tokens are routed to two experts, and this doubles the all-to-all traffic.", ""),
    ("The optimiser's state takes 12 bytes per parameter with Adam in mixed precision.", ""),
    ("In contrast to GCN, attention weighs each neighbour by a learned score.", ""),
    ("Replace dropout on features with dropout on edges when the graph is dense.", ""),
    ("A cache hit saves about 300 ms of prefill (median over a week of traffic).", ""),
    ("The paper reports 1.8 times the throughput of a static batch.", "Continuous batching"),
    ("The model keeps one embedding table per language.", "mBERT: vocabulary"),
    ("We train for 90 epochs with a cosine schedule.", "ResNet strikes back"),
    ("Costs 4 bits per weight and nothing at inference.", "GPTQ"),
    ("Eight layers, 512 hidden units, dropout of 0.1.", "Transformer base"),
    ("Recall at 100 rises from 0.61 to 0.74 with hard negatives from the previous epoch.", ""),
    ("Monitoring that compares only means misses a change of the tail.", ""),
    ("An index of 1 billion vectors at 64 bytes each needs 64 GB.", ""),
    ("“Attention is not explanation” found that permuted weights leave predictions unchanged.", ""),
    ("Once gradients overflow, the scaler skips the step and halves the scale.", ""),
    ("Teams that own the feature store rarely own the models that read from it.", ""),
    ("If negatives are sampled in proportion to clicks, popular items are pushed down.", ""),
    ("BM25 still beats dense retrieval on rare identifiers such as error codes.", ""),
    ("稀疏注意力只计算每个词与邻近词的关系，从而把复杂度降到线性。", ""),
    ("図書館の索引は毎晩作り直され、朝までに新しい記事が検索できる。", ""),
    ("그래프 샘플러는 이웃을 네 개씩 뽑아 한 단계의 메모리를 제한한다.", ""),
    ("Rotary embeddings encode $m - n$ in the dot product of a query and a key.", ""),
]
LEANING = [
    ("so that the second pass over the data is cheap.", "lower-case start"),
    ("a prompt that was not shortened fills the window;", "lower-case start"),
    ("However, accuracy drops for classes with few labels.", "connective"),
    ("But the gain disappears with a tuned baseline.", "connective"),
    ("Therefore, sampling at every layer multiplies the variance.", "connective"),
    ("For example, a hub with a million neighbours dominates the batch.", "connective"),
    ("In other words, depth is bounded by the diameter.", "connective"),
    ("On the other hand, int4 weights need a calibration set.", "connective"),
    ("First, the sampler draws four nodes at random.", "connective"),
    ("Now, consider a graph of four nodes and two hops.", "connective"),
    ("Well, the cache of the model is never empty.", "connective"),
    ("It halves the memory at a small loss of quality.", "reference back"),
    ("They are trained with a contrastive loss on pairs of sentences.", "reference back"),
    ("This makes the router differentiable in expectation.", "reference back"),
    ("These graphs are too dense for neighbour sampling.", "reference back"),
    ("Such models need no labels for the target domain.", "reference back"),
    ("Both of them are trained on the same corpus.", "reference back"),
    ("The second needs a reward model as well.", "reference back"),
    ("The latter converges in half the steps.", "reference back"),
    ("The same trick works for convolutions over text.", "reference back"),
    ("Another option is to cache the prefix of the prompt.", "reference back"),
    ("Before this, embeddings were looked up in a table per user.", "reference back"),
    ("With 40 heads that gives 3.2 MB per token.", "reference back"),
    ("Getting that wrong biases the estimate of the gradient.", "reference back"),
    ("Once they converge, the gates hardly change.", "reference back"),
    ("Rotating the keys is the decisive step there.", "reference back"),
    ("Each type of node has a budget of its own here.", "reference back"),
    ("Fixing this takes a second index over the tail.", "reference back"),
    ("Models trained with this loss collapse without a stop-gradient.", "reference back"),
    ("这使得路由器在期望意义下可微，训练因此更稳定。", "reference back"),
    ("この方法は二つの表を一つにまとめて記憶を半分にする。", "reference back"),
    ("이러한 그래프는 이웃 샘플링을 쓰기에는 너무 조밀하다.", "reference back"),
    ("因此每一层的采样都会放大估计的方差。", "connective"),
    ("しかし利得は調整された基準と比べると消える。", "connective"),
    ("따라서 각 층의 샘플링은 분산을 키운다.", "connective"),
    ("采样器在训练时依次执行以下四个步骤：", "cut off"),
    ("The scheduler admits requests in this order:", "cut off"),
    ("The index holds 21 million chunks, searched with", "cut off"),
    ("A longer context helps only up to a point…", "cut off"),
    ("Four things of a context window are worth watching: 1.", "cut off"),
    ("The judge prefers the first answer (in about 60% of the pairs.", "cut off"),
    ("The loss is computed as follows for each pair.", "lead-in"),
    ("The following losses are compared on three graphs.", "lead-in"),
    ("If you have to roll a model back during the night.", "subordinate clause"),
    ("When the features come from two different stores.", "subordinate clause"),
    ("In this section the sampler is compared with two baselines.", "about the text"),
    ("Three papers filed together, since each answers the one before.", "about the text"),
    ("Let's look at how the cache grows with the prompt.", "about the text"),
    ("See the manual for how the shards are balanced.", "about the text"),
    ("Answer: the reward is the log ratio of two policies.", "about the text"),
    ("As described in the introduction, many graphs do not fit in memory.", "about the text"),
    ("For more detailed information on best practices, see the overview.", "about the text"),
    ("Below we describe sampling in memory on a toy graph.", "about the text"),
    ("Recall that attention is quadratic in the length.", "about the text"),
    ("Figure 3 shows that perplexity falls with the number of experts.", "figure"),
    ("Latency grows linearly with the prompt, as shown below.", "figure"),
    ("The perplexities in Table 2 are averages of five runs.", "figure"),
    ("The code snippet trains a linear probe on frozen features.", "figure"),
    ("How much of the gain survives with a tuned baseline?", "question"),
    ("The authors report 3 points on GLUE.", "subject unnamed"),
    ("The model is trained on 300 billion tokens.", "subject unnamed"),
    ("We propose to share the keys of all heads.", "subject unnamed"),
    ("Fast and cheap.", "too short"),
    ("See [the docs](https://example.org) for the flags of the server.", "no prose"),
    ("| model | size | score | with some words in the row |", "no prose"),
]


def test_what_leans_is_not_chosen() -> None:
    """What the rules of evaluation find to begin in the middle of an argument, or to be about its text, the choice of
    points finds too.
    """
    leaning = {text for text, rule in LEANING if rule in ("connective", "reference back")}
    assert [text for text in leaning if not leans_back(text)] == []
    about = {text for text, rule in LEANING if rule == "about the text"}
    assert [text for text in about if not (talks_of_the_text(text) or leans_back(text))] == []


@pytest.mark.parametrize(
    "text",
    [
        "In notebook Tides.ipynb a reader fits a harmonic model to the heights.",
        "In his talk the captain shows that harbours silt up every ten years.",
        "We hosted two captains for the last evening on silt and dredging.",
        "You will implement the harmonic model with four constituents in Python.",
        "Update (May 3, 9pm): the heights of the second harbour are in metres.",
        "Foreshadowing: once the tides are known, the currents follow from them.",
        "The report on the four constituents is due at the end of the month.",
    ],
)
def test_talk_of_a_course_or_an_event_is_not_chosen(text: str) -> None:
    """What a course asks of those who take it, and what an event was like, says nothing of the subject."""
    assert talks_of_the_text(text)


@pytest.mark.parametrize(
    "text",
    ["You will need two pumps for a lock of that size.", "Her talk with the harbour ended the strike of 1953."],
)
def test_words_of_events_are_no_event(text: str) -> None:
    """The same words can say something of the subject."""
    assert not talks_of_the_text(text)


@pytest.mark.parametrize(("text", "label"), READABLE)
def test_readable_alone(text: str, label: str) -> None:
    """A point that names what it is about, or whose label does, breaks no rule."""
    assert faults(text, label) == []


@pytest.mark.parametrize(("text", "rule"), LEANING)
def test_not_readable_alone(text: str, rule: str) -> None:
    """A point that leans on its surroundings breaks the rule that says how."""
    assert rule in faults(text)


def test_a_label_names_the_subject_only() -> None:
    """Under a label a text may leave its subject unnamed, but not begin with a pronoun or end too early."""
    assert "reference back" in faults("It halves the memory of the cache.", "PagedAttention")
    assert "cut off" in faults("The model is trained in two stages:", "InstructGPT")


def test_an_earlier_sentence_is_what_a_later_one_refers_to() -> None:
    """In a point of two sentences the second may refer to the first."""
    assert faults("One token of cache takes 800 KB in a 13B model. At 2,048 tokens that is 1.6 GB.") == []


@pytest.mark.parametrize(
    "text",
    [
        "To avoid a wrong level of the water for rare tides.",
        "In order to keep the gates of the lock free of ice.",
        "For keeping the gates of the lower lock free of ice.",
        "The levels of the spring tides in both harbours show",
        "What the soundings of the outer channel suggest",
        "To separate the chamber which is filled from the one which is drained.",
        "When a lock has two chambers, and can fill one from the other.",
        "If the gates have to open in ice, which is the case in most winters.",
    ],
)
def test_a_purpose_or_an_announcement_alone_is_cut(text: str) -> None:
    """A purpose needs what serves it, and a verb of showing needs what is shown."""
    assert is_cut(text)


@pytest.mark.parametrize(
    "text",
    [
        "To avoid a wrong level, average the gauge over six hours.",
        "To drain a lock of that size takes two pumps and an hour.",
        "To find the mean level you need a year of readings.",
        "To smooth the readings use a window of six hours.",
        "For cleaning the gates the port keeps two divers.",
        "High tides come later each day, as the tables show",
        "To separate two chambers, the builders chose a gate which is raised by winches.",
        "When a lock has two chambers, and one of them is full, the other fills from it.",
    ],
)
def test_a_purpose_with_its_clause_is_whole(text: str) -> None:
    """A main clause may follow a purpose without a comma, and a verb of showing may refer to what stands before it."""
    assert not is_cut(text)


@pytest.mark.parametrize(
    "text",
    [
        "The goal of the review was to find out how each gauge copes with ice.",
        "The purpose of this exercise is to read the tide tables of two harbours.",
        "Each gauge was tried on a standard task from our tidal gauges course.",
        "Reading the gauge by hand is great for getting started with the tides.",
        "A tide table is a good place to start if the harbour is new.",
    ],
)
def test_aims_and_first_steps_are_not_chosen(text: str) -> None:
    """What a text is for, and how to begin, says nothing of the subject."""
    assert talks_of_the_text(text)


@pytest.mark.parametrize(
    "text",
    [
        "The goal of the dredging was to deepen the channel by two metres.",
        "The purpose of a lock is to lift ships from one level to another.",
        "A plain sum of sines is a good start for an optimiser of the constituents.",
        "Of course the lower gates open first at low water.",
    ],
)
def test_aims_of_the_subject_may_be_chosen(text: str) -> None:
    """The subject has aims of its own."""
    assert not talks_of_the_text(text)


@pytest.mark.parametrize(
    "text",
    [
        "The visuals suggest that the basin is smaller than the harbour.",
        "In the basin the diagrams show two gates and one gauge.",
        "As the slide illustrates, the tide turns twice a day.",
    ],
)
def test_what_pictures_show_is_not_chosen(text: str) -> None:
    """A reader of the point does not see them."""
    assert talks_of_the_text(text)


@pytest.mark.parametrize(
    "text",
    [
        "I read that as a statement about harbours, not about tides in general.",
        "We also took them as a sign of silt in the outer channel.",
        "The original was a lock of wood, and most of its gates leaked.",
    ],
)
def test_a_reading_or_an_original_is_of_something_before(text: str) -> None:
    """What is read or was the first is named only before."""
    assert leans_back(text)


@pytest.mark.parametrize(
    "text",
    ["The original lock of the harbour was built of wood.", "We see that a lock drains slower than a basin fills."],
)
def test_an_original_of_something_stands_alone(text: str) -> None:
    """The same words may name what they are about."""
    assert not leans_back(text)


@pytest.mark.parametrize("text", ["The 1st axis is the harbour.", "The 3rd lock is empty.", "The fourth gauge failed."])
def test_a_numbered_thing_is_one_of_those_before(text: str) -> None:
    """However its number is written."""
    assert leans_back(text)


@pytest.mark.parametrize(
    "text",
    [
        "There is nothing special to do to support them.",
        "Remind them in spring what a lock does to the level.",
        "If you have to move them by rail, the gates come apart.",
        "Measure it before the tide turns, at either end of the lock.",
        "We use it for a lock of two chambers, never for a single one.",
        "A lock with two chambers avoids the matter.",
        "To do so, close the upper gate before the tide turns.",
        "Two caveats: pumps wear out, and the gates freeze in winter.",
        "One is to raise the level of the basin by a metre.",
        "Pumps at the upper gate solve the problem, at twice the price.",
    ],
)
def test_what_a_sentence_does_something_to_is_named_before(text: str) -> None:
    """Whom, what or which matter a sentence speaks of, if only the one before it says so."""
    assert leans_back(text) or lacks_subject(text)


@pytest.mark.parametrize(
    "text",
    [
        "Two gates of oak need a winch that opens them in a storm.",
        "The lock and the weir leave no room for ice between them.",
        "One can raise the level of the basin by a metre.",
        "Silt settles in a basin and is therefore dredged in spring.",
        "A theme of the harbour's own is hidden in a document.",
        "We find it useful to dredge the basin before the winter.",
        "Ice makes the gates stiff and a heater removes the problem.",
        "Two gates: the upper one freezes, the lower one silts up.",
        "Sometimes it is cheaper to dredge a harbour than to move its quay.",
        "Pumps solve the problem of a lock that drains too slowly.",
        'The rule "open these before that" has no exception.',
    ],
)
def test_what_a_sentence_names_itself_stands_alone(text: str) -> None:
    """The same words where the sentence says what is meant, or quotes what others say."""
    assert not leans_back(text)
    assert not lacks_subject(text)


@pytest.mark.parametrize(
    ("text", "is_about"),
    [
        ("The level does not appear, and that is the point of what follows.", True),
        ("Click on the gauge to see the level of the upper basin.", True),
        ("In models of clicks the tables of the gauges are the model.", False),
        ("A click model orders gauges by how often they are read.", False),
    ],
)
def test_clicks_of_a_reader_and_of_a_subject(text: str, is_about: bool) -> None:
    """What a reader is to do with a page says nothing of the subject; what a model predicts does."""
    assert talks_of_the_text(text) == is_about
