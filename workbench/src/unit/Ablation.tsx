/** What the answers of a task lose without a unit, with the interval, and its place among random units. */
import { Button, Select } from "@mantine/core";
import { useKnown } from "../api/queries";
import type { Result } from "../api/shapes";
import { inWords, number } from "../figures/words";
import { useAnswered } from "../result/useAnswered";
import { usePage } from "../state/page";
import { type Unit, writeUnit } from "../state/units";
import { AskedPanel } from "./AskedPanel";
import { current, type Cubes, useCubes, useQuestion } from "./asking";
import { numberIn } from "./record";
import { Strip } from "./Strip";

const WANTED = { effect: {}, low: {}, high: {}, p: {}, together: {}, together_null: {}, together_p: {} };
/** The task that is asked about unless another is chosen. */
const USUAL = "indirect-object";
const RANDOM = 100;
const LEVEL = 0.05;

interface AblationProps {
  model: string;
  unit: Unit;
  ready: boolean;
}

export function Ablation({ model, unit, ready }: AblationProps) {
  const { query, set } = usePage();
  const { data: tasks } = useKnown("Task");
  const task = query.task ?? USUAL;
  const among = query.among === "1";
  const asked = { model, chosen: writeUnit(unit), task, n_random: among ? RANDOM : 0 };
  const answered = useAnswered(useQuestion("component_ablation", asked, ready));
  const { cubes } = useCubes(current(answered), WANTED);
  return (
    <AskedPanel
      id="ablation"
      title="Without it"
      reading="at its mean over the prompts; below 0 = needed"
      answered={answered}
      tall={132}
      actions={
        <Select
          size="xs"
          className="unit-task"
          aria-label="Task"
          searchable
          data={(tasks ?? [{ name: task }]).map(({ name }) => ({ value: name, label: inWords(name) }))}
          value={task}
          allowDeselect={false}
          onChange={(next) => set({ task: next === USUAL ? null : next })}
        />
      }
    >
      {(result) =>
        cubes ? (
          <>
            <Effect result={result} cubes={cubes} unit={unit} />
            {!among && (
              <Button size="compact-xs" variant="default" onClick={() => set({ among: "1" })}>
                Compare with {RANDOM} random {unit.kind}s of its layer
              </Button>
            )}
          </>
        ) : (
          <div className="skeleton" style={{ height: 132 }} />
        )
      }
    </AskedPanel>
  );
}

/** The effect in a sentence and on an axis. */
function Effect({ result, cubes, unit }: { result: Result; cubes: Cubes; unit: Unit }) {
  const effect = numberIn(cubes, "effect");
  const ends = cubes.low && cubes.high ? ([numberIn(cubes, "low"), numberIn(cubes, "high")] as const) : null;
  const p = cubes.p ? numberIn(cubes, "p") : null;
  const drawn = Array.from(cubes.together_null?.numbers ?? []);
  const beyond = drawn.filter((one) => Math.abs(one) >= Math.abs(effect)).length;
  return (
    <>
      <p aria-live="polite">
        <b className="mono" data-value={effect}>
          {number(effect)}
        </b>
        {ends && ` (95 % interval ${number(ends[0])} to ${number(ends[1])}`}
        {ends && " over prompts of the task)"}
        {p !== null && `, p = ${number(p)}`}, of a logit difference of {number(result.attrs.metric as number)}
        .
      </p>
      {drawn.length > 0 && (
        <p className="note">
          {beyond} of {drawn.length} random {unit.kind}s of layer {unit.layer} move it as much: p ={" "}
          {number(numberIn(cubes, "together_p"))}.
        </p>
      )}
      <Strip
        label={`Change of the logit difference without ${writeUnit(unit)}`}
        value={effect}
        ends={ends}
        drawn={drawn}
        drawnAs={`random ${unit.kind}s`}
        unsure={p !== null && p >= LEVEL}
      />
    </>
  );
}
