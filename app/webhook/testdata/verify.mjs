// Verifies a request of Standard Webhooks with what Node has alone:
//   node verify.mjs SECRET ID TIMESTAMP SIGNATURES < body
import { createHmac, timingSafeEqual } from "node:crypto";
import { readFileSync } from "node:fs";

const [secret, id, timestamp, signatures] = process.argv.slice(2);
const body = readFileSync(0);
const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
const want = createHmac("sha256", key).update(`${id}.${timestamp}.`).update(body).digest();
const good = signatures.split(" ").some((token) => {
  const [version, signature] = token.split(",", 2);
  const got = Buffer.from(signature ?? "", "base64");
  return version === "v1" && got.length === want.length && timingSafeEqual(got, want);
});
process.exit(good ? 0 : 1);
