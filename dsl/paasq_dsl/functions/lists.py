"""Functions over lists. A position counts from 0; a null among the items is an item like any other unless said otherwise."""

from paasq_dsl.functions.signature import function

FUNCTIONS = (
    function("first", "[T] -> T", "The first item of a list; null of an empty one.", "first([1, 2]) == 1"),
    function("last", "[T] -> T", "The last item of a list; null of an empty one.", "last([1, 2]) == 2"),
    function("at", "[T], int -> T", "The item at a position, 0 first; null where there is none.", "at([1, 2], 1) == 2"),
    function("slice", "[T], int, int? -> [T]", "The items from a position on, so many or to the end.",
             'join(slice(["a", "b", "c"], 1, 2), "") == "bc"'),
    function("join", "[any], string -> text", "The items of a list as text, with a separator between them; null ones left out.",
             'join(["a", "b"], ", ") == "a, b"'),
    function("sort_list", "[T] -> [T]", "The items in ascending order, null ones last.",
             'join(sort_list([3, 1, 2]), "") == "123"'),
    function("distinct_list", "[T] -> [T]", "Each item once, where it first occurs.", "length(distinct_list([1, 2, 1])) == 2"),
    function("append", "[T], [T] -> [T]", "The items of one list and then those of the other.",
             "length(append([1], [1, 2])) == 3"),
    function("union_of", "[T], [T] -> [T]", "The items of either list, each once.",
             'join(union_of([1, 2], [2, 3]), "") == "123"'),
    function("intersection", "[T], [T] -> [T]", "The items of both lists, each once.",
             'join(intersection([1, 2, 3], [3, 1]), "") == "13"'),
    function("difference", "[T], [T] -> [T]", "The items of the first list that are not in the second, each once.",
             'join(difference([1, 2, 3], [2]), "") == "13"'),
    function("list_sum", "[int] -> int; [float] -> float", "The sum of the items that are not null; 0 of none.",
             "list_sum([1, 2, 3]) == 6"),
    function("list_avg", "[float] -> float", "The mean of the items that are not null; null of none.", "list_avg([1, 2]) == 1.5"),
    function("list_min", "[T] -> T", "The smallest item that is not null; null of none.", "list_min([3, 1, 2]) == 1"),
    function("list_max", "[T] -> T", "The largest item that is not null; null of none.", "list_max([3, 1, 2]) == 3"),
)  # fmt: skip
