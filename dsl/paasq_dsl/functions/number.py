"""Functions over numbers."""

from paasq_dsl.functions.signature import function

FUNCTIONS = (
    function("abs", "int -> int; float -> float", "The number without its sign.", "abs(-3) == 3"),
    function("round", "float, int? -> float", "Rounded to so many digits behind the point (0); halves to even.",
             "round(2.345, 1) == 2.3"),
    function("floor", "float -> int", "The next integer below.", "floor(2.7) == 2"),
    function("ceil", "float -> int", "The next integer above.", "ceil(2.1) == 3"),
    function("sqrt", "float -> float", "The square root; null of a negative number.", "sqrt(9) == 3.0"),
    function("exp", "float -> float", "e to a power; null where it overflows.", "exp(0) == 1.0"),
    function("ln", "float -> float", "The natural logarithm; null of zero and below.", "ln(1) == 0.0"),
    function("log10", "float -> float", "The decimal logarithm; null of zero and below.", "log10(1000) == 3.0"),
    function("power", "float, float -> float", "The first number to the power of the second; null where there is none.",
             "power(2, 10) == 1024.0"),
    function("least", "T, T... -> T", "The smallest of its arguments that is not null.", "least(3, 1, 2) == 1"),
    function("greatest", "T, T... -> T", "The largest of its arguments that is not null.", "greatest(3, 1, 2) == 3"),
)  # fmt: skip
