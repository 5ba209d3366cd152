// Whether two campaigns tried, reached and found the same. Run: `node dist/bench/same-campaign.js DIRECTORY DIRECTORY`.

import { type ReadCampaign, readCampaign } from "../harness/loop/read.js";

function read(directory: string | undefined): ReadCampaign {
  const found = readCampaign(directory ?? "");
  if (!found.ok) throw new Error(`${found.error.subject}: ${found.error.got}`);
  return found.value;
}

const [one, other] = process.argv.slice(2, 4).map(read) as [ReadCampaign, ReadCampaign];
const pointsOf = ({ state }: ReadCampaign): readonly string[] => [...state.points.keys()].sort();
const namesOf = ({ findings }: ReadCampaign): readonly string[] => findings.map(({ facts }) => facts.name).sort();
const rows: readonly (readonly [what: string, of: (campaign: ReadCampaign) => readonly string[] | number])[] = [
  ["cases", ({ state }) => state.sums.cases],
  ["coverage points", pointsOf],
  ["findings", namesOf],
];
for (const [what, of] of rows) {
  const [a, b] = [of(one), of(other)];
  const isSame = JSON.stringify(a) === JSON.stringify(b);
  const shown = typeof a === "number" || typeof b === "number" ? [a, b] : [a.length, b.length];
  console.log(`${what}: ${shown.join(" and ")}, ${isSame ? "the same" : "NOT the same"}`);
  if (isSame) continue;
  process.exitCode = 1;
  if (typeof a === "number" || typeof b === "number") continue;
  console.log(
    `  in one only: ${[...a.filter((x) => !b.includes(x)), ...b.filter((x) => !a.includes(x))].slice(0, 10).join(", ")}`,
  );
}
