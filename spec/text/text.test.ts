import { expect, test } from "vitest";
import { ReferenceText } from "./text.js";

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

test("memory is illegal instructions except for what was stored and not freed", () => {
  const text = new ReferenceText();
  text.mapped(0x1000, 12);
  text.stored(0x1004, bytes(1, 2, 3, 4, 5, 6, 7, 8));
  text.freed(0x1008, 4);
  expect(text.at(0x1000, 12)).toEqual(bytes(0x00, 0x20, 0x20, 0xd4, 1, 2, 3, 4, 0x00, 0x20, 0x20, 0xd4));
});

test("the first wrong byte is named", () => {
  const text = new ReferenceText();
  text.mapped(0x1000, 8);
  text.mapped(0x2000, 8);
  const memory = new Map([0x1000, 0x2000].map((base) => [base, text.at(base, 8).slice()]));
  expect(text.difference((address) => memory.get(address)!)).toBeUndefined();
  memory.get(0x2000)![6] = 9;
  expect(text.difference((address) => memory.get(address)!)).toEqual({ address: 0x2006, expected: 0x20, got: 9 });
  text.unmapped(0x2000);
  expect(text.difference((address) => memory.get(address)!)).toBeUndefined();
  expect(() => text.stored(0x2000, bytes(1))).toThrow("0x2000+1 is in no region");
});

test("memory that was mapped before is illegal instructions again, whatever was stored there and not freed", () => {
  const text = new ReferenceText();
  text.mapped(0x1000, 16);
  const before = text.at(0x1000, 16).slice();
  text.stored(0x1005, bytes(1, 2));
  text.stored(0x100b, bytes(3, 4));
  text.unmapped(0x1000);
  text.mapped(0x3000, 16);
  expect(text.at(0x3000, 16)).toEqual(before);
});
