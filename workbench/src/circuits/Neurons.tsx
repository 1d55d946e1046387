/** Neuron interactions: which neurons do more, or less, together than the sum of what each does alone. */
import { Button, NumberInput, TextInput } from "@mantine/core";
import { type SubmitEvent, useMemo, useState } from "react";
import type { Question } from "../api/ask";
import { AnsweredPanel } from "../result/AnswerPanel";
import { useAnswered } from "../result/useAnswered";
import { Empty } from "../shell/Panel";
import { type Query, usePage } from "../state/page";
import { useSelection } from "../state/selection";
import { unitAt, writeUnit } from "../state/units";
import { TaskChoice } from "./About";
import { changesOf } from "./address";
import { Pair } from "./Composition";
import { MatrixGraph } from "./MatrixGraph";

const NONE = (
  <Empty>Choose a model in the bar above: its neurons that matter most for the task are compared.</Empty>
);
const USUAL = 5;

export default function Neurons() {
  const { query } = usePage();
  const question = useMemo(() => asked(query), [query]);
  const answered = useAnswered(question);
  const waiting = question && answered.phase !== "failed";
  return (
    <>
      <MatrixGraph
        id="neurons-graph"
        title="Interactions by layer"
        result={answered.result}
        slot=".neurons"
        empty={waiting ? <div className="skeleton" style={{ height: 480 }} /> : NONE}
      >
        <Which />
        {answered.result && <Pair result={answered.result} />}
      </MatrixGraph>
      <div className="circuits-side">
        <AnsweredPanel
          id="neurons"
          slot=".neurons"
          title="Neuron interactions"
          asked={question}
          answered={answered}
          empty={NONE}
        />
      </div>
    </>
  );
}

function asked(query: Query): Question | null {
  const { model, task, neurons } = query;
  if (!model) return null;
  const named = neurons ? { neurons } : { n_neurons: countOf(query) };
  return {
    analysis: "neuron_interactions",
    arguments: { model, ...(task ? { task } : {}), ...named, ...changesOf(query) },
  };
}

function countOf({ count }: Query): number {
  const given = Math.round(Number(count));
  return given >= 2 ? given : USUAL;
}

/** Which neurons are compared, and on what. */
function Which() {
  const { query, set } = usePage();
  const { pins } = useSelection();
  const [text, setText] = useState(query.neurons ?? "");
  const pinned = pins
    .flatMap((places) => unitAt(places) ?? [])
    .filter(({ kind }) => kind === "neuron")
    .map(writeUnit);
  const name = (event: SubmitEvent) => {
    event.preventDefault();
    set({ neurons: text.trim() || null, sel: null }, { push: true });
  };
  return (
    <div className="follow">
      <TaskChoice fallback="indirect-object" />
      <NumberInput
        size="xs"
        w={90}
        label="How many"
        min={2}
        max={50}
        disabled={Boolean(query.neurons)}
        value={countOf(query)}
        onChange={(count) => set({ count: Number(count) === USUAL ? null : String(count), sel: null })}
      />
      <form onSubmit={name}>
        <TextInput
          size="xs"
          w={220}
          label="Or these neurons"
          placeholder="mlp_act.3.17 mlp_act.4.2"
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        <Button type="submit" size="xs" variant="default" disabled={text.trim() === (query.neurons ?? "")}>
          Compare
        </Button>
      </form>
      {pinned.length > 1 && (
        <Button
          size="xs"
          variant="default"
          onClick={() => {
            setText(pinned.join(" "));
            set({ neurons: pinned.join(" "), sel: null }, { push: true });
          }}
        >
          Compare the {pinned.length} pinned
        </Button>
      )}
    </div>
  );
}
