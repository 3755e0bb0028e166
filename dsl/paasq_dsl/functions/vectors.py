"""Functions over vectors. A list of numbers is a vector too; of another length than its partner it is refused."""

from paasq_dsl.functions.signature import function

FUNCTIONS = (
    function("similarity", "vector, vector -> float",
             "The cosine of the angle between two vectors; null where one is all zeros.", "similarity($v, $v) > 0.999"),
    function("dot", "vector, vector -> float", "The inner product of two vectors.", "dot([1, 2], [3, 4]) == 11.0"),
    function("distance", "vector, vector -> float", "The straight way between the ends of two vectors.",
             "distance([0, 0], [3, 4]) == 5.0"),
    function("norm", "vector -> float", "The length of a vector: the root of the sum of its squares.", "norm([3, 4]) == 5.0"),
    function("dimension", "vector -> int", "How many numbers a vector has.", "dimension([3, 4]) == 2"),
)  # fmt: skip
