/** Patching maps: which parts of the model, swapped between two runs, carry the answer. */
import { SegmentedControl, Select } from "@mantine/core";
import { useMemo } from "react";
import type { Question } from "../api/ask";
import { AnswerPanel } from "../result/AnswerPanel";
import { Empty } from "../shell/Panel";
import { type Query, usePage } from "../state/page";
import { About } from "./About";
import { aboutOf } from "./address";
import { TakeCommon } from "./TakeCommon";

const METHODS = [
  { value: "activation_patching", label: "Exact" },
  { value: "attribution_patching", label: "Gradients" },
  { value: "progressive_patching", label: "Progressive" },
];

const PARTS = [
  { value: "residual", label: "residual stream" },
  { value: "z", label: "heads" },
  { value: "mlp_add", label: "MLP outputs" },
  { value: "attn_add", label: "attention outputs" },
  { value: "mlp_act", label: "neurons" },
  { value: "q", label: "queries" },
  { value: "k", label: "keys" },
  { value: "v", label: "values" },
  { value: "pattern", label: "patterns" },
];

const DIRECTIONS = [
  { value: "denoise", label: "clean into corrupt" },
  { value: "noise", label: "corrupt into clean" },
  { value: "both", label: "both" },
];

const ONE_BY_ONE = "each";

export default function Patching() {
  const { query, set } = usePage();
  const question = useMemo(() => asked(query), [query]);
  const turn = (patch: Record<string, string | null>) => set({ ...patch, sel: null }, { push: true });
  const chosen = optionsOf(query);
  return (
    <>
      <About>
        <SegmentedControl
          size="xs"
          aria-label="How effects are found"
          data={METHODS}
          value={chosen.method}
          onChange={(method) => turn({ method })}
        />
        <Choice
          label="What is swapped"
          data={PARTS}
          value={chosen.sites}
          onChange={(sites) => turn({ sites })}
        />
        <Choice
          label="Which way the patch runs"
          data={DIRECTIONS}
          value={chosen.direction}
          onChange={(direction) => turn({ direction })}
        />
        <label className="each-token">
          <input
            type="checkbox"
            checked={query.positions === ONE_BY_ONE}
            onChange={(event) => turn({ positions: event.currentTarget.checked ? ONE_BY_ONE : null })}
          />{" "}
          token by token
        </label>
      </About>
      <AnswerPanel
        id="patching"
        slot=".patching"
        title="Patching"
        tall={460}
        question={typeof question === "string" ? null : question}
        empty={
          <Empty button={<TakeCommon />}>
            {typeof question === "string" ? question : "Nothing has been asked here yet."}
          </Empty>
        }
      />
    </>
  );
}

interface ChoiceProps {
  label: string;
  data: { value: string; label: string }[];
  value: string;
  onChange: (value: string | null) => void;
}

function Choice({ label, ...shown }: ChoiceProps) {
  return <Select size="xs" w={170} aria-label={label} allowDeselect={false} {...shown} />;
}

function named(list: readonly { value: string }[], text: string | undefined): string {
  return list.find(({ value }) => value === text)?.value ?? (list[0]?.value as string);
}

/** What the query chooses; what it does not name, or names wrongly, is the first. */
function optionsOf({ method, sites, direction }: Query) {
  return {
    method: named(METHODS, method),
    sites: named(PARTS, sites),
    direction: named(DIRECTIONS, direction),
  };
}

function asked(query: Query): Question | string {
  const about = aboutOf(query);
  if (typeof about === "string") return about;
  const { method: analysis, sites, direction } = optionsOf(query);
  const positions = query.positions === ONE_BY_ONE ? { positions: ONE_BY_ONE } : {};
  return { analysis, arguments: { ...about, sites, direction, ...positions } };
}
