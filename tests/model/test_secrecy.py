import pytest

from watcher.model.secrecy import without_secrets


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("http://anna:hush@proxy:3128 is bad", "http://proxy:3128 is bad"),
        ("http://anna:hu@sh@proxy:3128 is bad", "http://proxy:3128 is bad"),
        ('"https://anna@proxy" refused', '"https://proxy" refused'),
        ("http://a/b?api_key=hush&x=1", "http://a/b?api_key=<secret>&x=1"),
        ("http://a/people/x@y", "http://a/people/x@y"),
        ("http://a?mail=x@y", "http://a?mail=x@y"),
        ("ca <secret=web,key=ca.crt>: failed", "ca <secret=web,key=ca.crt>: failed"),
    ],
)
def test_users_and_secrets_are_taken_out_and_nothing_else(said, shown):
    assert without_secrets(said) == shown
