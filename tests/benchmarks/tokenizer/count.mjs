import { countTokens } from "gpt-tokenizer/encoding/o200k_base";
import { createInterface } from "node:readline";

// A line of JSON with texts in, a line of JSON with their tokens out.
for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(JSON.stringify(JSON.parse(line).map((text) => countTokens(text))) + "\n");
}
