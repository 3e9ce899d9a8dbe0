"""Settings and credentials that boto3 refuses, in all the ways that it has for that."""

import json
import ssl
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import boto3
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline_lib.common.retries import RetryPolicy
from pipeline_lib.errors import PermanentError, S3RefusedError, S3SettingsError, S3UnavailableError
from pipeline_lib.publishing.s3.objects import Bucket, S3Account
from pipeline_lib.publishing.s3.unusable_settings import ENDPOINT_VARIABLES, translate_unusable

KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
LOGIN = "log in again: aws sso login (with --profile where one is used)"
ROLE = "arn:aws:iam::123456789012:role/x"
SSO = (
    "[default]\nsso_session = s\nsso_account_id = 123456789012\nsso_role_name = R\n"
    "[sso-session s]\nsso_start_url = https://x.example/start\nsso_region = us-east-1\n"
)
SOURCE = "[profile b]\naws_access_key_id = a\naws_secret_access_key = b\n"


@pytest.fixture
def aws(aws_environment: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:  # noqa: ARG001
    """An environment with keys of its own, a store at a closed port, and no other AWS variable."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr("pipeline_lib.publishing.s3.objects._ATTEMPTS", 1)
    return monkeypatch


def write(name: str = "key") -> None:
    """One write by what the environment says."""
    opened = S3Account.from_environment().open_bucket("prices", None)
    assert opened is not None
    bucket = Bucket(opened.client, "prices", RetryPolicy(attempts=1), secrets=opened.secrets)
    bucket.put_immutable(name, b"content", "text/csv")


def refusal(text: str = "S3 can't be used: ") -> S3SettingsError:
    with pytest.raises(S3SettingsError, match=text) as caught:
        write()
    assert isinstance(caught.value, PermanentError)
    assert str(caught.value).isprintable()
    assert caught.value.hint
    return caught.value


def configure(aws: pytest.MonkeyPatch, folder: Path, text: str) -> None:
    (folder / "config").write_text(text, encoding="latin-1")
    aws.setenv("AWS_CONFIG_FILE", str(folder / "config"))
    for name in KEYS:
        aws.delenv(name)


def test_what_can_be_used_gets_as_far_as_the_store(aws: pytest.MonkeyPatch) -> None:  # noqa: ARG001
    with pytest.raises(S3UnavailableError, match="no answer from S3 for s3://prices/key: Could not connect"):
        write()


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({"AWS_ENDPOINT_URL": "127.0.0.1:9000"}, "AWS_ENDPOINT_URL"),
        ({"AWS_ENDPOINT_URL": "minio"}, "AWS_ENDPOINT_URL"),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:999999"}, "AWS_ENDPOINT_URL"),
        ({"AWS_ENDPOINT_URL": "http://[::1"}, "AWS_ENDPOINT_URL"),
        ({"AWS_ENDPOINT_URL": "http://a b"}, "AWS_ENDPOINT_URL"),
        ({"AWS_ENDPOINT_URL": "ftp://127.0.0.1"}, "AWS_ENDPOINT_URL"),
        ({"AWS_ENDPOINT_URL_S3": "s3.example"}, "AWS_ENDPOINT_URL_S3"),
        ({"AWS_DEFAULT_REGION": "us_east_1"}, "AWS_DEFAULT_REGION"),
        ({"AWS_DEFAULT_REGION": "a..b"}, "AWS_DEFAULT_REGION"),
        ({"AWS_PROFILE": "no-such-profile"}, "AWS_PROFILE"),
        ({"AWS_SECRET_ACCESS_KEY": ""}, "AWS_SECRET_ACCESS_KEY"),
        ({"AWS_ACCESS_KEY_ID": "a\nb"}, "AWS_ACCESS_KEY_ID"),
        ({"AWS_ACCESS_KEY_ID": "kéy"}, "AWS_ACCESS_KEY_ID"),
        ({"AWS_SECRET_ACCESS_KEY": "made-up\n"}, "AWS_SECRET_ACCESS_KEY"),
        ({"AWS_SESSION_TOKEN": "made-up\n"}, "AWS_SESSION_TOKEN"),
        ({"AWS_SESSION_TOKEN": "☃"}, "AWS_SESSION_TOKEN"),
        ({"AWS_CREDENTIAL_EXPIRATION": "never", "AWS_SESSION_TOKEN": "x"}, "AWS_CREDENTIAL_EXPIRATION"),
        ({"AWS_DEFAULTS_MODE": "x"}, "AWS_DEFAULTS_MODE"),
        ({"AWS_S3_US_EAST_1_REGIONAL_ENDPOINT": "x"}, "AWS_S3_US_EAST_1_REGIONAL_ENDPOINT"),
        ({"AWS_REQUEST_CHECKSUM_CALCULATION": "x"}, "AWS_REQUEST_CHECKSUM_CALCULATION"),
        ({"AWS_RESPONSE_CHECKSUM_VALIDATION": "x"}, "AWS_RESPONSE_CHECKSUM_VALIDATION"),
    ],
)
def test_a_variable_that_boto3_refuses_is_named(
    aws: pytest.MonkeyPatch, variables: Mapping[str, str], named: str
) -> None:
    for name, value in variables.items():
        aws.setenv(name, value)
    assert named in refusal().hint


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://192.0.2.1/x"}, "AWS_"),
        (
            {"AWS_WEB_IDENTITY_TOKEN_FILE": "/no-such-file", "AWS_ROLE_ARN": ROLE},
            "AWS_WEB_IDENTITY_TOKEN_FILE",
        ),
        ({"AWS_WEB_IDENTITY_TOKEN_FILE": "/no-such-file"}, "AWS_"),
        (
            {"AWS_METADATA_SERVICE_TIMEOUT": "soon", "AWS_EC2_METADATA_DISABLED": "false"},
            "AWS_METADATA_SERVICE_TIMEOUT",
        ),
    ],
)
def test_a_variable_that_leads_to_no_keys_is_named(
    aws: pytest.MonkeyPatch, variables: Mapping[str, str], named: str
) -> None:
    for name in KEYS:
        aws.delenv(name)
    for name, value in variables.items():
        aws.setenv(name, value)
    assert named in refusal().hint


@pytest.mark.parametrize(
    ("config", "named"),
    [
        ("[default\nx", "AWS_CONFIG_FILE"),
        ("\xff\xfe\x00", "AWS_CONFIG_FILE"),
        ("[default]\ncredential_process = false\n", "credential_process"),
        ("[default]\ncredential_process = /no-such-program\n", "credential_process"),
        ("[default]\ncredential_process = echo hello\n", "credential_process"),
        ("[default]\ncredential_process = echo '[]'\n", "credential_process"),
        ("[default]\ncredential_process = echo '{\"Version\": 2}'\n", "credential_process"),
        ("[default]\ncredential_process = echo 'x\n", "credential_process"),
        (SSO, LOGIN),
        (SSO.replace("sso_session = s\n", "sso_session = none\n"), "~/.aws/config"),
        (SSO.replace("sso_role_name = R\n", ""), "~/.aws/config"),
        (f"[default]\nrole_arn = {ROLE}\n", "~/.aws"),
        (f"[default]\nrole_arn = {ROLE}\nsource_profile = none\n", "~/.aws/config"),
        (f"[default]\nrole_arn = {ROLE}\ncredential_source = Moon\n", "~/.aws/config"),
        (f"[default]\nrole_arn = x\nsource_profile = b\n{SOURCE}", "~/.aws/config"),
    ],
)
def test_a_file_that_boto3_refuses_is_named(
    aws: pytest.MonkeyPatch, tmp_path: Path, config: str, named: str
) -> None:
    configure(aws, tmp_path, config)
    assert named in refusal().hint


def test_a_code_that_nobody_can_type_is_named() -> None:
    error = translate_unusable(EOFError())
    assert str(error).startswith("S3 can't be used: EOFError (a role with mfa_serial needs a code")


def test_keys_that_are_expired_when_they_come_are_permanent(aws: pytest.MonkeyPatch, tmp_path: Path) -> None:
    keys = {
        "Version": 1,
        "AccessKeyId": "a",
        "SecretAccessKey": "b",
        "SessionToken": "c",
        "Expiration": "2020-01-01T00:00:00Z",
    }
    configure(aws, tmp_path, f"[default]\ncredential_process = echo '{json.dumps(keys)}'\n")
    assert "credential_process" in refusal("refreshed credentials are still expired").hint


def test_who_gives_the_keys_and_is_away_is_temporary(aws: pytest.MonkeyPatch, tmp_path: Path) -> None:
    configure(aws, tmp_path, f"[default]\nrole_arn = {ROLE}\nsource_profile = b\n{SOURCE}")
    aws.setenv("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:1")
    with pytest.raises(S3UnavailableError, match="can't be had for now: Could not connect"):
        write()


def test_a_container_that_gives_no_keys_for_now_is_temporary(aws: pytest.MonkeyPatch) -> None:
    for name in KEYS:
        aws.delenv(name)
    aws.setattr("time.sleep", lambda _seconds: None)
    aws.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:1/x")
    with pytest.raises(S3UnavailableError, match="the AWS credentials can't be had for now: "):
        write()


@pytest.mark.parametrize(
    ("endpoint", "connection", "named"),
    [
        ("https://store.example:0", None, "s3.endpoint_url"),
        ("https://store.example:99999", "team_s3", "s3.endpoint_url"),
        ("store.example", "team_s3", "s3.endpoint_url"),
        (None, "team_s3", "endpoint_url of the connection team_s3"),
        (None, None, ENDPOINT_VARIABLES),
    ],
)
def test_an_address_that_is_none_is_named_by_where_it_is_written(
    aws: pytest.MonkeyPatch, endpoint: str | None, connection: str | None, named: str
) -> None:
    aws.setenv("AWS_ENDPOINT_URL", "127.0.0.1:9000")
    account = S3Account(boto3.Session(), "store" if connection else None, connection)
    with pytest.raises(S3SettingsError) as caught:
        account.open_bucket("prices", endpoint)
    assert caught.value.hint.startswith(f"check {named}")


def test_what_a_connection_says_is_blamed_on_it(aws: pytest.MonkeyPatch) -> None:  # noqa: ARG001
    account = S3Account(boto3.Session(region_name="us_east_1"), None, "team_s3")
    with pytest.raises(S3SettingsError, match="Provided region_name 'us_east_1'") as caught:
        account.open_bucket("prices", None)
    assert caught.value.hint == "check the connection team_s3"


def test_an_address_with_a_password_is_refused_and_not_shown(aws: pytest.MonkeyPatch) -> None:
    aws.setenv("AWS_ENDPOINT_URL", "http://me:a-password@127.0.0.1:1")
    error = refusal("the store's address is none")
    assert "a-password" not in str(error)


def test_no_key_that_boto3_repeats_is_told(aws: pytest.MonkeyPatch, tmp_path: Path) -> None:
    aws.setenv("AWS_SESSION_TOKEN", "made-up-session-token")
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\necho 'no: made-up-session-token' >&2\nexit 1\n", encoding="utf-8")
    program.chmod(0o755)
    configure(aws, tmp_path, f"[default]\ncredential_process = {program}\n")
    assert str(refusal("no: ")).startswith(
        "S3 can't be used: Error when retrieving credentials from custom-process: no: *** (run "
    )


class _Store(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(400)
        self.send_header("Content-Length", "0")
        self.send_header("Connection", "close")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in http.server
        pass


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of localhost that nobody has signed, with its key."""
    folder = tmp_path_factory.mktemp("tls")
    command = (
        "openssl req -x509 -newkey rsa:2048 -nodes -keyout key -out certificate -days 2 -subj /CN=localhost"
    )
    subprocess.run(
        [*command.split(), "-addext", "subjectAltName=DNS:localhost"],
        cwd=folder,
        check=True,
        capture_output=True,
    )
    return folder / "certificate"


@pytest.fixture(params=["https", "http"])
def store(request: pytest.FixtureRequest, certificate: Path) -> Iterator[tuple[str, int]]:
    """The scheme and the port of a store."""
    with HTTPServer(("127.0.0.1", 0), _Store) as server:
        if request.param == "https":
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate, certificate.with_name("key"))
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield request.param, server.server_port
        server.shutdown()
        thread.join()


def test_a_certificate_that_nobody_signed_is_permanent_whichever_bundle_is_named(
    aws: pytest.MonkeyPatch, store: tuple[str, int], certificate: Path
) -> None:
    scheme, port = store
    aws.setenv("AWS_ENDPOINT_URL", f"https://localhost:{port}")
    for bundle in (None, "/no-such-file", "/etc/hostname", "/etc"):
        if bundle:
            aws.setenv("AWS_CA_BUNDLE", bundle)
        assert "AWS_CA_BUNDLE" in refusal().hint
    aws.setenv("AWS_CA_BUNDLE", str(certificate))
    if scheme == "https":
        with pytest.raises(S3RefusedError, match="400"):
            write()
    else:
        assert "https" in refusal("WRONG_VERSION_NUMBER").hint


def test_a_proxys_address_that_is_none_is_permanent(aws: pytest.MonkeyPatch) -> None:
    aws.setenv("AWS_ENDPOINT_URL", "http://store.example")
    aws.setenv("http_proxy", "http://[::1")
    assert "HTTP_PROXY" in refusal().hint


VALUES = st.text(st.characters(blacklist_characters="\0", blacklist_categories=["Cs"]), max_size=30)
VARIABLES = (
    *KEYS,
    "AWS_SESSION_TOKEN",
    "AWS_DEFAULT_REGION",
    "AWS_PROFILE",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_S3",
    "AWS_CONFIG_FILE",
    "AWS_CA_BUNDLE",
    "AWS_RETRY_MODE",
    "AWS_MAX_ATTEMPTS",
    "AWS_DEFAULTS_MODE",
    "AWS_USE_FIPS_ENDPOINT",
    "AWS_USE_DUALSTACK_ENDPOINT",
    "AWS_REQUEST_CHECKSUM_CALCULATION",
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
@given(changes=st.dictionaries(st.sampled_from(VARIABLES), VALUES, min_size=1, max_size=2))
def test_whatever_a_variable_holds_the_bucket_opens_or_the_error_is_one(
    aws: pytest.MonkeyPatch, changes: dict[str, str]
) -> None:
    with aws.context() as patch:
        for name, value in changes.items():
            patch.setenv(name, value)
        with suppress(S3SettingsError):
            S3Account.from_environment().open_bucket("prices", None)
