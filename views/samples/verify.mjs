// Verifies the events of webhook {{webhook}}.
import { createHmac, timingSafeEqual } from "node:crypto";

const secret = process.env.CRK_WEBHOOK_SECRET; // whsec_…

// headers: by name in lower case; body: the Buffer as it came, unparsed.
export function verify(headers, body) {
  const id = headers["webhook-id"], sent = headers["webhook-timestamp"];
  if (!(Math.abs(Date.now() / 1000 - Number(sent)) <= 300)) return false; // somebody sends it again
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  const want = createHmac("sha256", key).update(`${id}.${sent}.`).update(body).digest();
  // While a secret is being changed, each event carries two signatures.
  return headers["webhook-signature"].split(" ").some((signature) => {
    const [version, value] = signature.split(",");
    const got = Buffer.from(value ?? "", "base64");
    return version === "v1" && got.length === want.length && timingSafeEqual(got, want);
  });
}
