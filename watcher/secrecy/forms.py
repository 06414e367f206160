"""How secrets stand in others' words: the patterns alone."""

import re
from typing import Final

from watcher.secrecy.names import TELLING

_QUOTED: Final = r"[bru]?(?P<quote>(?:\\*\"){3}|'{3}|\\*[\"'`]|“)(?:(?!\n).)*?(?P<closing>(?<!\\)(?:(?P=quote)|”)|(?=\n|\Z))"
"""To the quote that ends it, or to the end of a line that was cut."""

_PLAIN: Final = (
    r"(?:[^\s\"'`\\,;&|{}<>\[\]()“”]|(?<=[^\s=:])(?:[,;&|](?![\s\"']|$|[\w.-]{1,40}\\?[\"']?[=:]\S)|"
    r"[\"'`{}<>()\[\]](?=\w)|\\(?![nrt])(?=\w)|\\+[\"'](?=\w)))+"
)
"""To where words, fields or parameters continue; signs within are a part of it."""

_VALUE: Final = rf"(?!=?(?:<secret|REDACTED))(?P<value>{_QUOTED}|{_PLAIN})"
_KEY: Final = rf"(?<![\w.</-])[\w.-]*(?:{TELLING})\d?\\*[\"'`]?"
_IS: Final = r"(?:[ \t\xa0]*(?:=>|==|:=|->|=)[ \t\xa0]*|:|%(?:25)*3D|%(?:25)*3A(?:%20)?+|[ \t]*\|[ \t]+|\s*:\s+)"

PAIR: Final = re.compile(
    rf"(?i)(?P<before>(?:--from-file=)?(?:{_KEY}{_IS}|(?<![\w.</-])(?:x-)?auth(?:=|[\"']: ?|: (?=\S*\d))))"
    rf"{_VALUE}"
)
VARIABLE: Final = re.compile(
    rf"(?i)(?P<before>\bname\\*[\"']?\s*[:=]\s*\\*[\"']?[\w.-]*(?:{TELLING})\\*[\"']?,?\s*\\*[\"']?"
    rf"value\\*[\"']?\s*[:=]\s*){_VALUE}"
)
"""A variable of a container."""

FLAG: Final = re.compile(
    rf"(?i)(?P<before>(?<![\w-])--?[\w.-]*(?:{TELLING}) +|--from-literal=[\w.-]+=)(?!-){_VALUE}"
)
PARAMETER: Final = re.compile(
    r"(?i)([?&;#]|%3F|%26|%3B|%23)([\w.\[\]%+~$:*-]{1,80}?)(=|%3D)('[^'\s]*'|[^\s\"'<>&;#\\]*)"
)
BARE_QUERY: Final = re.compile(
    r"(://[^\s?\"'<>]*\?)(?![\w.\[\]%+~$:*-]+(?:=|%3D))([^\s=&\"'<>#\\]+)"
)
HEADER: Final = re.compile(r"(-H ?\\*[\"'])([\w-]+)(: ?)([^\"'\\]+)")
AUTHORIZATION: Final = re.compile(
    r"(?i)(authorization\\*[\"'`]?\s*[:=]\s*(?:[bru]?\\*[\"'`])?)"
    r"(?![\w-]+ +(?:<secret|REDACTED))"
    r"((?:(?:bearer|basic|digest|token)|(?-i:[A-Z])[\w-]*(?= +\S*[\d=+/_])) +)?"
    r"([^\s\"'`\\,;<>\[\]]+)"
    r"(?:(?:(?<=name=)|(?<=realm=)|(?<=nonce=))\\*\"[^\"\\]*\\*\")?(?:, *[\w-]+=(?:\\*\"[^\"\\]*\\*\"|[^\s,\"'\\]*))*"
)

NAMED: Final = re.compile(TELLING, re.IGNORECASE)
"""Without one of these, no pattern of a name finds anything."""

BLOCK: Final = re.compile(
    rf"(?i)({_KEY}\s*:\s*(?:[|>][+-]?\d?)?(?:\n|\\n))(?:[ \t]*(?:- |[ \t])[^\n]*(?:\n|\Z))+"
)
"""A block or a list of YAML."""

IN_ONE_LINE: Final = (
    re.compile(
        rf"(?i)({_KEY}\s*:\s+)(?:(?:-|[|>][+-]?\d?) (?!<secret>)\S+(?:\s+(?=- )|(?=\s)|\Z))+"
    ),
    re.compile(r"(stringData\s*:\s+)(?=[\w.-]+:\s)[^\n]*"),
)
"""A list or a mapping of YAML of which the line ends became spaces."""

USERS: Final = (
    # To the last @: a password may hold some, and slashes.
    re.compile(r"(?i)(:(?:\\?/){2}|%3A%2F%2F)[^/?#\s\"'<>\\]*(?:@|%40|\\u0040)"),
    re.compile(r"(://)[^/?#\s\"'@:<>]+:(?!\d{1,5}(?:[/?#\s]|$))[^\s\"'<>]*@"),
    re.compile(  # cut before its @
        r"(://)[^/?#\s\"'<>@:\[\]$]+:(?!\d{1,5}\b|[A-Z]+\b)[^\s\"'<>/@]+(?=(?:…|\.\.\.)?[\"']?\Z)"
    ),
    re.compile(r"(?<![:\w/])(//)[^/?#\s\"'<>:@]*:[^/?#\s\"'<>]*@"),
    re.compile(r"()(?<![\w/@.:-])[\w.+-]+:(?!sha\d+:)[^\s\"'@/:<>]+@(?!sha\d+:)(?=[\w\[])"),
)
"""Before a host."""

WHOLE: Final = (
    re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----.*?(?:-----END \1-----|(?=['\"]|\Z))", re.DOTALL),
    re.compile(
        r"(?<![A-Za-z0-9+/=])[A-Za-z0-9+/=]{16,}+(?:(?:\s|\\n)++[A-Za-z0-9+/=]++)*+(?:\s|\\n)*+"
        r"-----END [A-Z0-9 ]+-----"
    ),
)
"""Keys, also those of which the begin or the end was cut off."""

AFTER_NAMES: Final = (
    re.compile(rf"(?i)({_KEY}\s*[:=]\s*\[)(?!\s*[{{\]]|<secret>|REDACTED)[^\]\n]+"),  # of Go
    re.compile(rf"(?i)({_KEY}\s*[:=]\s*\{{)[^\s{{}}:=\"',]+(?=\}})"),
    re.compile(rf"(?i)(<[\w:.-]*(?:{TELLING})>)[^<]+(?=</)"),  # XML
    re.compile(rf"(?i)(\([\"'][\w.-]*(?:{TELLING})[\"'], *[bru]?[\"'])[^\"']+(?=[\"'])"),
    re.compile(rf"(?i)([\"']--?[\w.-]*(?:{TELLING})[\"'], *[bru]?[\"'])[^\"']+(?=[\"'])"),
    re.compile(
        r"(?i)((?:set-)?cookie\\*[\"']?\s*[:=]\s*\\*[\"']?)(?:<secret>|REDACTED)"
        r"(?:; *[^\s\"',;=]+(?:=[^\s\"',;]*)?)+"
    ),
)
"""What comes after group 1, which ends with a telling name."""

AFTER: Final = (
    re.compile(r"(last-applied-configuration\\*[\"']?\s*[:=]\s*+)(?!<secret|REDACTED).*"),
    re.compile(r"(?i)(\b(?:password|passphrase|passwd)(?: is)? +[\"'`“])[^\"'`”\n]+(?=[\"'`”])"),
    re.compile(
        r"(?i)(\b(?:password|passphrase|bearer token)(?: is)? +)"
        r"(?=[^\s<]*\d)(?=[^\s<]*[a-z])[^\s\"'<>,;()]{6,}"
    ),
    re.compile(r"(?i)\b(bearer:? +)(?:(?=\S*[\d._=~+/-])[\w.~+/=-]{6,}|[\w.~+/=-]{16,})"),
    re.compile(r"\b(Basic +)(?=\S*[\d=+/])[A-Za-z0-9+/]{8,}={0,2}"),
    re.compile(r"\b(GenieKey +)[\w-]{6,}"),
    re.compile(
        r"((?<![\w-])(?:-u ?|--(?:proxy-)?user[ =])[\"']?)(?!\d+:\d+)[^\s\"':<]+:[^\s\"'<]+"
    ),
    re.compile(r"(\bcurl\b[^|\n]{0,200}? (?:-b|--cookie)[ =]?[\"']?)[^\s\"'<]+"),
    re.compile(r"(\b(?:sshpass|docker login|podman login)\b[^|\n]{0,200}? -p ?[\"']?)[^\s\"'<]+"),
    re.compile(r"(\bmysql\w*\b[^|\n]{0,200}? -p[\"']?)[^\s\"'<]+"),
    re.compile(r"(\bredis-cli\b[^|\n]{0,200}? -a ?[\"']?)[^\s\"'<]+"),
    re.compile(  # what was put where a mapping of a secret is wanted
        r"(!!\w+ `)[^`]+(?=` into [\w.*\[\]]*(?:Auth|Secret|Credential|URL|Header|TLS|HTTPClient))"
    ),
    re.compile(
        r"(?i)((?:hooks\.slack\.com|hc-ping\.com|webhook\.office\.com|events\.pagerduty\.com/integration|"
        r"discord\.com/api/webhooks|api\.telegram\.org)/)[^\s\"'<>]+"
    ),
)
"""What comes after group 1."""

KNOWN: Final = (
    re.compile(
        r"\beyJ[\w-]{8,}(?:\.[\w-]+){0,4}|\bgh[pousr]_\w{8,}|\bgithub_pat_\w{8,}|"
        r"\bgl(?:pat|rt|dt|ptt|ft|soat|agent|cbt|imt)-[\w-]{8,}|\bxox[a-z](?:\.xox[a-z])?-[\w-]{4,}|"
        r"\bxapp-[\w-]{4,}|\bA[KS]IA[0-9A-Z]{12,}|\bAIza[\w-]{20,}|\bya29\.[\w-]{8,}|"
        r"\b[sr]k_(?:live|test)_\w{8,}|\bsk-(?:proj|ant|live|svcacct)-[\w-]{8,}|\bdckr_pat_[\w-]{4,}|"
        r"\bnpm_[A-Za-z0-9]{24,}\b|\bpypi-AgE[\w-]{8,}|\bhv[sbr]\.[\w-]{16,}|\bs\.[A-Za-z0-9]{24}\b|"
        r"\bgl(?:sa|c)_\w{8,}|\bdp\.[a-z]{2}\.\w{8,}|\bSG\.[\w-]{8,}\.[\w-]{8,}|\bdo[opr]_v1_\w{8,}|"
        r"\bSK[0-9a-f]{32}\b"
    ),
    re.compile(r"\$(?:2[abxy]|apr1|[1567y])\$[^\s\"':,]+"),  # a hash of a password
)
"""What is a secret by itself: tokens of known makers."""

OBJECT: Final = re.compile(
    r"kind\\*[\"']?\s*[:=]\s*\\*[\"']?(?:Secret|ConfigMap)\b(?!\w)|stringData"
)
DATA: Final = re.compile(
    r"\b((?:string|binary)?[dD]ata\\*[\"']?\s*[:=]\s*(?:map\[|\{|\n(?=[ \t])))[^}\]]*"
)
"""A Secret or ConfigMap, and what it holds."""

ESCAPED: Final = re.compile(r"(?<!\\)([\"'])((?:(?!\1)[^\\]|\\.)*+)\1", re.DOTALL)
"""A string in quotes; those without a backslash are of no concern and change nothing."""

ESCAPE: Final = re.compile(r"\\(u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|.)", re.DOTALL)
ENCODED: Final = re.compile(r"(?<![^\s\"'<>?&=;#])[^\s\"'<>?&=;#%]*+%[0-9A-Fa-f]{2}[^\s\"'<>&;#]*")
SECRET_ALONE: Final = re.compile(r"(?i)(?:^|[^\w.-])secret\W*$")
NAME_OF_AN_OBJECT: Final = re.compile(
    r"(?:[a-z]+(?:-[a-z]+)*/)?[a-z]+(?:-(?:[a-z]+|[a-z0-9]{1,5}))+|[a-z]+(?:-[a-z]+)*/[a-z]+"
)
STATUS: Final = re.compile(r"\d{1,3}")
"""A number that stands after ``token:`` in an error: a status."""

SUSPECT: Final = re.compile(
    rf"(?i)[@=?]|%40|%3D|%25|-----|(?:{TELLING})|auth|bearer|basic |geniekey|last-applied|stringData|kind|"
    r"eyJ|gh[pousr]_|_pat_|gl[a-z]+[-_]|xox|xapp|a[ks]ia|aiza|ya29|[sr]k[-_]|npm_|pypi-|hv[sbr]\.|\bs\.|"
    r"dp\.|sg\.|_v1_|\bsk[0-9a-f]|\$[0-9a]|hooks\.|hc-ping|webhook|pagerduty|telegram| -[upabH]|--user|\\u0040|"
    r"://[^\s/]+:(?!\d{1,5}\b)"
)
"""What no secret is without: most words are read once only."""
