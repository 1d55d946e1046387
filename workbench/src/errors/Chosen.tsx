/** One neuron: what it does on problems that went right and wrong, its words, and one click to change it. */
import { Button } from "@mantine/core";
import { useMemo } from "react";
import type { Question } from "../api/ask";
import { AnswerPanel } from "../result/AnswerPanel";
import { type Answered, useAnswered } from "../result/useAnswered";
import { PageLink } from "../shell/PageLink";
import { Empty, Panel } from "../shell/Panel";
import { usePage } from "../state/page";
import { useStack } from "../state/stack";
import { type Unit, writeUnit } from "../state/units";
import { current, useCubes, useQuestion } from "../unit/asking";
import { Logits } from "../unit/Logits";
import { Described } from "../unit/SecondOrder";
import { taskOf } from "./address";
import { Dots } from "./Dots";

const FOUND = { address: {}, sort: {}, correct: {} };
const CHANGES = [
  { name: "Ablate", op: "mean", value: "", title: "Put it to its mean in every pass" },
  { name: "Silence", op: "scale", value: "0", title: "Multiply it by 0 in every pass" },
  { name: "Amplify × 2", op: "scale", value: "2", title: "Multiply it by 2 in every pass" },
  { name: "Amplify × 4", op: "scale", value: "4", title: "Multiply it by 4 in every pass" },
] as const;

interface ChosenProps {
  model: string;
  unit: Unit;
  foretold: Answered;
}

export function Chosen({ model, unit, foretold }: ChosenProps) {
  const address = writeUnit(unit);
  const logits = useAnswered(useQuestion("neuron_logits", { model, neurons: `${unit.layer}.${unit.index}` }));
  return (
    <>
      <Panel
        id="chosen"
        title={address}
        reading="what it does on new problems by their outcome, and what becomes of answers when it is changed"
        actions={
          <PageLink to="/unit" query={{ unit: address }}>
            All about it
          </PageLink>
        }
      >
        <Changes address={address} />
        <ByOutcome address={address} foretold={foretold} />
      </Panel>
      <Sweep model={model} unit={unit} />
      <Described model={model} unit={unit} />
      <Logits answered={logits} />
    </>
  );
}

function Changes({ address }: { address: string }) {
  const ops = useStack((stack) => stack.ops);
  const add = useStack((stack) => stack.add);
  const own = ops.filter(({ site }) => site === address);
  return (
    <div className="errors-tools">
      {CHANGES.map(({ name, op, value, title }) => (
        <Button
          key={name}
          size="compact-xs"
          variant="default"
          title={title}
          onClick={() => add({ site: address, op, value })}
        >
          {name}
        </Button>
      ))}
      <span className="muted note" aria-live="polite">
        {own.length > 0
          ? `Changed ${own.length === 1 ? "once" : `${own.length} times`}; the dock lists it.`
          : ""}
      </span>
    </div>
  );
}

/** Its value on the new problems that were drawn at random, right above wrong. */
function ByOutcome({ address, foretold }: { address: string; foretold: Answered }) {
  const result = current(foretold);
  const { cubes } = useCubes(result, FOUND);
  const rank = cubes?.address?.texts?.indexOf(address) ?? -1;
  const { cubes: own } = useCubes(
    rank >= 0 ? result : null,
    useMemo(() => ({ value: { rank } }), [rank]),
  );
  if (!result) return <Empty>Find the neurons first, to see this one by outcome.</Empty>;
  if (cubes && rank < 0) return <p className="muted note">It is not among the neurons that were learnt.</p>;
  if (!cubes || !own?.value) return <div className="skeleton" style={{ height: 130 }} />;
  const right = cubes.correct?.numbers ?? [];
  const random = (cubes.sort?.texts ?? []).map((sort) => sort.includes("at random"));
  const of = (wanted: 0 | 1) =>
    Array.from(own.value?.numbers ?? []).filter((_, row) => random[row] && right[row] === wanted);
  const named = result.variables.find(({ name }) => name === "value")?.long_name ?? "value";
  return (
    <Dots
      label={`${named}: ${address}`}
      rows={[
        { name: "right", values: of(1) },
        { name: "wrong", values: of(0) },
      ]}
    />
  );
}

function Sweep({ model, unit }: { model: string; unit: Unit }) {
  const { query, set } = usePage();
  const task = taskOf(query);
  const asked = query.sweep === "1";
  const question = useMemo<Question | null>(
    () =>
      asked
        ? {
            analysis: "neuron_editing_sweep",
            arguments: { model, task, neurons: `${unit.layer}.${unit.index}` },
          }
        : null,
    [asked, model, task, unit.layer, unit.index],
  );
  return (
    <AnswerPanel
      id="sweep"
      slot=".sweep"
      title="Turned up and down"
      question={question}
      tall={280}
      empty={
        <Empty
          button={
            <Button size="compact-sm" variant="default" onClick={() => set({ sweep: "1" })}>
              Turn it up and down
            </Button>
          }
        >
          The answers and unrelated text are measured at several strengths, beside random neurons of its
          layer.
        </Empty>
      }
    />
  );
}
