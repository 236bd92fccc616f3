"""Every number that cosines are compared with, weighed by or added to, in units of the encoder's `Scale`.

The numbers were chosen with all-MiniLM-L6-v2, of which the mean cosine of unrelated texts is 0.109 and that of related
ones 0.357.
"""

MIN_WIDTH = 2.2  # standard deviations of unrelated texts' cosines in a unit of relatedness

# --- relatedness: unrelated texts have 0, related ones 1 ---

SCORE_SLOPE, SCORE_OFFSET = 1.41, -5.56  # of a passage with a query, in the log odds that its note is relevant
SCORE_TITLED = 1.1  # the same of a concept that a query is like, for a note that is named after it
GOOD_ANSWER = 0.7712  # of the best passage, from which a query has a good match when words do not count

RELATED = 0.7712  # of a note without a link, to be listed as related to another
LINKED = 0.4034  # what a link adds: about the distance from the nearest note to the tenth nearest

# Concepts
DESCRIBED, READ_CLEARLY = 0.7, 1.2  # of a query with what a concept is known by: from where on, and fully
AREA_LEAN = 0.6  # what is added for a concept of an area that a query names, or of which it names a concept
LIKENESS_SHARPNESS = 1.24  # of the soft maximum over what a concept is known by: with 0, that is the mean
WORDS_LIKENESS = 2.4  # of a concept that is known by all the words of a query
AVOIDED = -4.0  # of a query with a concept that it does not want: takes from a note named after it what words can add
READ_SHARPNESS = 2.0  # how fast the weight of a concept falls with how much less likely it is than the likeliest one

# Outlines
BEARING = 0.6098  # of a note's best passage with a topic, or of a term, to bear on it
CLOSE = 1.1746  # of the third best note, for a topic that is clearly outside the areas; of the best passage, for a
# heading of the writer's without a good match, or for a word of a topic that no note has
ASKED_CLEARLY = 1.4  # of a heading of the writer's with a concept that it describes, to ask for it
WELL_COVERED = 1.9  # of the best passage or point with a topic, for the topic to be in the words of the notes
MEANT = 2.14  # of a passage with the definition of a concept, to mean it: passages of notes that name it nowhere are
# as near to one concept in twenty
POST_NEAR = 1.1746  # of a post's best passage with a topic, for the post to have covered it
POINT_MADE = 2.4  # of a point with a statement of an earlier post, which made the point already
WORDS_SHARED, POINT_MADE_IN_WORDS = 0.5, 1.9814  # the same, where this share of the shorter one's words is in both
ANSWERED = 2.3  # of a question with a passage of a later note, which answers it
# A statement as an answer to a heading of the writer's: what its relatedness gains where it says all that is asked for,
# and where the heading's best passage holds it; and the least that it must have in all.
ASKED, FOUND, ANSWERING = 1.0, 2.0, 1.5
EXAMPLE_SHARPNESS = 4.9579  # the inverse temperature of the softmax over an example post's passages

# What the words of a statement add to its relatedness with topic and passage when points are chosen.
NUMBER, DEFINITION, TRADE_OFF, COMPARISON = 0.2017, 0.1614, 0.121, 0.121
OPENING, SUBJECT_DEFINED = 0.8, 0.4  # of what opens the best note, and of what defines a subject
REFERS_BACK, TALKS_OF_THE_NOTE, WITHOUT_VERB, SETTINGS = -0.4841, -0.242, -0.6, -0.4
SHORT = -0.75  # for each e-fold that a statement is shorter than one that says enough

SPEAKS_FOR = 1.2  # of a heading with its section, below which it says little of it: "Pipeline", "Read with care"

# What is taken from the relatedness of a heading with its section.
PARTIAL_HANDICAP = 1.6  # times the share of points that are from other notes than those that the name covers
BARE_HANDICAP = 0.2017  # of a heading without its note's subject: out of context it says little
SHORT_HANDICAP = 0.2017  # of a single word
TAIL_HANDICAP = 0.4034  # of a heading after its note's subject
UNSAID_HANDICAP = 0.8  # times the share of the points that do not stand below a heading
COMMON_HANDICAP = 10.0  # of a template's heading, more than any name can make up for

# Ideas
COHESION = 0.7712  # the least mean relatedness of a note with the others of its group
UNCOVERED, COVERED = 0.9729, 2.1831  # of a post that says nothing, or all, of what a group says

# Areas
MIN_DEVIATION = 0.2017  # of the relatedness of phrases, which may be few and alike

# --- relatedness of centred vectors ---

CENTRING = 0.5  # the share of the mean vector that is subtracted before cosines become z-scores
# A prior for small notebooks: mean and deviation among the passages of others, worth this many chunks.
USUAL_MEAN, USUAL_DEVIATION, USUAL_WORTH = 0.0741, 0.3808, 30

# --- cosines of vectors less all of their mean, which no encoder's scale shifts ---

LINK_WEIGHT = 0.1  # of a link, added to the cosine of two notes when they are grouped

# --- sameness: unrelated texts have 0, identical ones 1 ---

SAME_PASSAGE = 0.9439  # of two passages, for one of them to be enough in an outline
SAME_POINT = 0.8653  # of two statements that make the same point
SAME_HEADING = 0.7195  # of two headings that are too much alike for one outline
WORDING_COMPARED = 0.6634  # from which wording is compared; under different titles, a passage still reaches about this
MIN_INT8_PARITY = 0.9439  # of a text's vector with its int8 one, for an int8 graph to be kept
ORTHOGONAL = -0.1221  # of vectors at right angles: where cosines of an encoder without a common direction begin
