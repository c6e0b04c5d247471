# Verifies the events of webhook {{webhook}}.
import base64, hashlib, hmac, os, time

SECRET = os.environ["CRK_WEBHOOK_SECRET"]  # whsec_…

def verify(headers, body):
    """headers: by name in lower case; body: the bytes as they came, unparsed."""
    event, sent = headers["webhook-id"], headers["webhook-timestamp"]
    if abs(time.time() - int(sent)) > 300:
        return False  # older than five minutes: somebody sends it again
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    digest = hmac.new(key, f"{event}.{sent}.".encode() + body, hashlib.sha256).digest()
    want = "v1," + base64.b64encode(digest).decode()
    # While a secret is being changed, each event carries two signatures.
    return any(hmac.compare_digest(want, got) for got in headers["webhook-signature"].split(" "))
