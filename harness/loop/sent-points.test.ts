import { expect, test } from "vitest";
import type { ReachedPoint } from "./firsts.js";
import { PointReceiver, PointSender } from "./sent-points.js";

const CHUNKS: readonly (readonly ReachedPoint[])[] = [
  [
    ["add imm|+u12|add|ran", 3, 8],
    ["image|lse|hole 0|returned", 32, 0],
  ],
  [],
  [
    ["image|lse|hole 0|returned", 31, 2 ** 40],
    ["exit|none|ret|ran", 1, 2 ** 40 + 7],
  ],
];
const crossed = <T>(sent: T): T => structuredClone(sent);

test("what workers send in turn is received as it was, and each name is sent once by each", () => {
  const [one, other] = [new PointSender(1), new PointSender(2)];
  const receiver = new PointReceiver();
  const names = CHUNKS.map((points) => {
    const sent = [one.send(points), other.send(points)].map(crossed);
    expect(sent.map((part) => receiver.receive(part))).toEqual([points, points]);
    return sent.map((part) => part.names.length);
  });
  expect(names).toEqual([
    [2, 2],
    [0, 0],
    [1, 1],
  ]);
});

test("a message that never came is noticed, and a thread that is no more is forgotten", () => {
  const sender = new PointSender(1);
  const [first, , last] = CHUNKS.map((points) => crossed(sender.send(points)));
  const receiver = new PointReceiver();
  expect(() => receiver.receive(last!)).toThrow("thread 1 has sent 2 names, 0 came");
  receiver.receive(first!);
  receiver.forget(1);
  expect(() => receiver.receive(last!)).toThrow("0 came");
});
