import { expect, it } from "vitest";
import { sections } from "../src/card/sections";

it("facts of the model card stand under the tab of their group, and none is lost", () => {
  const groups = [
    "architecture",
    "usage",
    "limits",
    "about",
    "training",
    "held_out_arithmetic",
    "structures",
  ];
  const found = sections(groups.map((group) => ({ name: group, value: "1", group })));
  const names = Object.fromEntries(
    Object.entries(found).map(([tab, facts]) => [tab, facts.map(({ name }) => name)]),
  );
  expect(names).toEqual({
    Architecture: ["architecture"],
    Training: ["training", "held_out_arithmetic", "structures"],
    "Usage and limits": ["usage", "limits", "about"],
  });
});
