/** The neurons that part right from wrong: learnt on problems that were asked, tried on new ones. */
import { Button } from "@mantine/core";
import { Ranking } from "../figures/Ranking";
import { AnsweredPanel } from "../result/AnswerPanel";
import type { Answered } from "../result/useAnswered";
import { Complaint, Empty, Panel } from "../shell/Panel";
import { usePage } from "../state/page";
import { current, useCubes } from "../unit/asking";

const WANTED = { address: {}, weight: {}, alone: {}, alone_low: {}, alone_high: {} };
const LISTED = 12;

export function Foretelling({ answered }: { answered: Answered }) {
  const { query, set } = usePage();
  const asked = query.foretell === "1";
  return (
    <>
      <AnsweredPanel
        id="hard"
        slot=".hard"
        title="Hard questions"
        answered={answered}
        asked={null}
        tall={150}
        empty={
          <Empty
            button={
              <Button
                size="compact-sm"
                variant="default"
                disabled={!query.model}
                loading={asked}
                onClick={() => set({ foretell: "1" })}
              >
                Find the neurons
              </Button>
            }
          >
            Neurons are learnt that part right from wrong; new problems are then picked by them and asked.
          </Empty>
        }
      />
      <Separating answered={answered} />
    </>
  );
}

/** Each neuron's own AUROC with its interval; choosing one looks at it below. */
function Separating({ answered }: { answered: Answered }) {
  const { query, set } = usePage();
  const result = current(answered);
  const { cubes, failure } = useCubes(result, WANTED);
  if (!result) return null;
  const names = (cubes?.address?.texts ?? []).slice(0, LISTED);
  const numbers = (name: string) => Array.from(cubes?.[name]?.numbers ?? []).slice(0, LISTED);
  const [low, high] = [numbers("alone_low"), numbers("alone_high")];
  const total = cubes?.address?.texts?.length ?? 0;
  return (
    <Panel
      id="separating"
      title="Neurons that part right from wrong"
      reading="AUROC of failure by each alone, on the problems that they were learnt from; 0.5 parts nothing"
    >
      {failure ? (
        <Complaint>{failure.message}</Complaint>
      ) : cubes ? (
        <>
          <Ranking
            label="Neurons by weight"
            axis="neuron"
            entries={names}
            columns={[
              { name: "weight", title: "weight towards failure", values: numbers("weight") },
              { name: "alone", title: "AUROC", values: numbers("alone") },
            ]}
            bars="alone"
            interval={{ low, high }}
            unsure={low.map((end, row) => end <= 0.5 && 0.5 <= (high[row] ?? 1))}
            hatched="the interval holds 0.5"
            lit={names.indexOf(query.neuron ?? "")}
            onPin={(row) => set({ neuron: names[row] ?? null, sweep: null }, { push: true })}
          />
          <p className="note muted">
            {names.length} of {total} neurons, the heaviest. Choose one to see it by outcome and to change it.
          </p>
        </>
      ) : (
        <div className="skeleton" style={{ height: 300 }} />
      )}
    </Panel>
  );
}
