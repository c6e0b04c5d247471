<?php
// Verifies the events of webhook {{webhook}}.
$secret = getenv('CRK_WEBHOOK_SECRET'); // whsec_…

// $headers: by name in lower case; $body: file_get_contents('php://input'), unparsed.
function verify(string $secret, array $headers, string $body): bool
{
    $id = $headers['webhook-id'];
    $sent = $headers['webhook-timestamp'];
    if (abs(time() - (int) $sent) > 300) {
        return false; // older than five minutes: somebody sends it again
    }
    $key = base64_decode(preg_replace('/^whsec_/', '', $secret));
    $want = 'v1,' . base64_encode(hash_hmac('sha256', "$id.$sent.$body", $key, true));
    // While a secret is being changed, each event carries two signatures.
    foreach (explode(' ', $headers['webhook-signature']) as $got) {
        if (hash_equals($want, $got)) {
            return true;
        }
    }
    return false;
}
