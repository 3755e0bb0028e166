"""Schemas to 0619 and from 0640; watches from 0620."""

SCHEMAS = {
    "PQ0602": "{name} has two key fields",
    "PQ0603": "a key must be a keyword, not {type}",
    "PQ0604": "a name that begins with _ is the store's own",
    "PQ0605": "{name} exists with other fields",
    "PQ0606": "a vector is computed from text or keyword fields, and {name} is {type}",
    "PQ0607": "there is no analyzer for the language {name}",
    "PQ0608": "vector(auto) needs the fields that it is computed from: vector(auto) from title, body",
    "PQ0611": "{collection}.{name} can't be {changed}: {why}",
    "PQ0612": "{name} can't be unique: it is {type}",
    "PQ0613": "there is no type {name}, because a sum must not depend on rounding: keep an int of the smallest unit, such as "
    "cents, or a float where rounding is no matter",
    "PQ0614": "an object is not {rule} itself: say it of what is in it",
    "PQ0615": "an object needs a field in it",
    "PQ0616": "an object is the type of a field alone: {better}",
    "PQ0617": "a field is computed from its record alone, so it can't use {name}",
    "PQ0618": "{name} can't be computed: {why}",
    "PQ0619": "only a vector(auto) is computed from other fields",
    "PQ0620": "{stage} leaves nothing to tell one row from another by, so it can't be watched: {mend}",
    "PQ0621": "a watch is of the present, and this reads a past moment; what happened since is asked for by after <seq>",
    "PQ0622": "{stage} can't be watched: {why}",
    "PQ0623": "nothing can stand behind a watch, which has no end",
    "PQ0624": "emit stands behind the last stage of a watch, without a |",
    "PQ0625": "a watch has no answer, but events, which are pushed: {ask}",
    "PQ0640": "{field} leads to {collection}: drop it first",
}
