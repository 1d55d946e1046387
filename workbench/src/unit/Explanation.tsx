/** What a neuron responds to, in words, with how far saying so tells where it fires; asked for by a button. */
import { Button } from "@mantine/core";
import { number } from "../figures/words";
import { cut } from "../result/cube";
import { useAnswered } from "../result/useAnswered";
import { Empty } from "../shell/Panel";
import { usePage } from "../state/page";
import type { Unit } from "../state/units";
import { AskedPanel } from "./AskedPanel";
import { type Cubes, current, useCubes, useQuestion } from "./asking";
import { numberIn } from "./record";
import { Strip } from "./Strip";

const WANTED = {
  explanation: {},
  score: {},
  score_low: {},
  score_high: {},
  score_null: {},
  score_p: {},
  baseline_score: {},
  top_score: {},
  random_score: {},
};

interface ExplanationProps {
  model: string;
  unit: Unit;
  /** Digest of the record of all neurons. */
  record: string | null;
}

export function Explanation({ model, unit, record }: ExplanationProps) {
  const { query, set } = usePage();
  const wanted = query.explain === "1";
  const asked = { model, record, neurons: `${unit.layer}.${unit.index}` };
  const answered = useAnswered(useQuestion("neuron_explanations", asked, wanted && record !== null));
  const { cubes } = useCubes(current(answered), WANTED);
  return (
    <AskedPanel
      id="explanation"
      title="In words"
      reading="phrases found without any other model, scored on excerpts that were held out"
      answered={answered}
      tall={150}
      empty={
        <Empty
          button={
            <Button
              size="compact-sm"
              variant="default"
              disabled={record === null}
              loading={wanted}
              onClick={() => set({ explain: "1" })}
            >
              Explain it
            </Button>
          }
        >
          An explanation is a guess about where the neuron fires, scored where it was not made.
        </Empty>
      }
    >
      {() => (cubes ? <Told cubes={cubes} /> : <div className="skeleton" style={{ height: 150 }} />)}
    </AskedPanel>
  );
}

function Told({ cubes }: { cubes: Cubes }) {
  const one = (name: string) => numberIn(cubes, name);
  const text = cubes.explanation ? cut(cubes.explanation, { item: 0, line: 0 }).texts?.[0] : "";
  const p = one("score_p");
  return (
    <>
      <p className="unit-explanation">{text}</p>
      <p>
        Score <b className="mono">{number(one("score"))}</b> (95 % interval {number(one("score_low"))} to{" "}
        {number(one("score_high"))}; dealt out to other excerpts {number(one("score_null"))}, p = {number(p)}
        ). The mean on each token scores {number(one("baseline_score"))}. Where it is most active{" "}
        {number(one("top_score"))}, at random {number(one("random_score"))}.
      </p>
      <Strip
        label="Score of the explanation"
        value={one("score")}
        ends={[one("score_low"), one("score_high")]}
        drawn={[one("score_null")]}
        drawnAs="mean of explanations dealt out to other excerpts"
        unsure={p >= 0.05}
      />
    </>
  );
}
