import { expect, test } from "vitest";
import { shapesIn } from "./shape-log.js";

const EARLIER = "map,Transition,90,0x10,0x20,0x1008,3,5,,late\n";
const LOG = `${EARLIER}code-creation,JS,1,100,0x1000,64,lower file:///home/x/dist/impl/jit/body.js:45:15,0x5,^
code-creation,JS,1,110,0x2000,16,ask file:///home/x/dist/spec/ask.js:7:1,0x6,^
map,Transition,120,0x10,0x30,0x1010,46,9,,row
map,InitialMap,121,0x0,0x31,0x1010,46,9,,Body
map,Transition,122,0x10,0x32,0x1010,46,9,,row
map,Transition,123,0x10,0x33,0x200f,8,2,prototype,x
map,Transition,124,0x10,0x34,0x2010,8,2,prototype,x
`;

test("objects of new shapes are told by the line that made them, the most first", () => {
  expect(shapesIn(LOG, EARLIER.length)).toEqual([
    { where: "lower impl/jit/body.js, line 46", count: 2 },
    { where: "ask spec/ask.js, line 8", count: 1 },
    { where: "unknown code, line 8", count: 1 },
  ]);
});

test("what was made before is left out", () => {
  expect(shapesIn(EARLIER, EARLIER.length)).toEqual([]);
  expect(shapesIn(EARLIER, 0)).toEqual([{ where: "unknown code, line 3", count: 1 }]);
});
