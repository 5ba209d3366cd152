import { expect, test } from "vitest";
import { byteSize, counted, html, raw } from "./html.js";

test("values are escaped, HTML and lists are not", () => {
  const items = ["<a>", "b"].map((item) => html`<li>${item}</li>`);
  expect(html`<ul title="${'"x"'}">${items}${undefined}${7}${raw("<hr>")}</ul>`.text).toBe(
    '<ul title="&quot;x&quot;"><li>&lt;a&gt;</li><li>b</li>7<hr></ul>',
  );
});

test("control characters of a program's text do not reach the page", () => {
  expect(html`${"a\u0000\u001b[1m\tb\n"}`.text).toBe("a\\x00\\x1b[1m\tb\n");
});

test.each([
  [0, "0 B"],
  [64, "64 B"],
  [1536, "1.5 KiB"],
  [2 * 2 ** 20, "2 MiB"],
])("%d bytes are %s", (bytes, text) => {
  expect(byteSize(bytes)).toBe(text);
});

test("nouns agree with their number", () => {
  expect([counted(1, "program"), counted(1234, "program")]).toEqual(["1 program", "1,234 programs"]);
});
