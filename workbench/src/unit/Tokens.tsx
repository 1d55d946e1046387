/** Tokens, and tokens in a row, at whose last a neuron is most active on the mean. */
import { Ranking } from "../figures/Ranking";
import { number, visible } from "../figures/words";
import { useAnswered } from "../result/useAnswered";
import { Complaint, Empty } from "../shell/Panel";
import type { Unit } from "../state/units";
import { AskedPanel } from "./AskedPanel";
import { current, useCubes, useQuestion } from "./asking";

const WANTED = {
  mean_activation: {},
  ngram_text: {},
  low: {},
  high: {},
  null: {},
  p: {},
  count: {},
  stretches: {},
};
const LEVEL = 0.05;
const TALL = 440;

interface TokensProps {
  model: string;
  unit: Unit;
  /** Digest of the record of all neurons; null while there is none. */
  record: string | null;
  /** There will be none. */
  failed: boolean;
}

export function Tokens({ model, unit, record, failed }: TokensProps) {
  const asked = { model, record, layer: unit.layer, neuron: unit.index };
  const answered = useAnswered(useQuestion("neuron_query", asked, record !== null));
  const result = current(answered);
  const { cubes, failure } = useCubes(result, WANTED);
  const column = (name: string) => Array.from(cubes?.[name]?.numbers ?? []);
  const p = column("p");
  return (
    <AskedPanel
      id="tokens"
      title="Tokens and n-grams"
      reading={
        cubes
          ? `mean activation at the last token; over all text ${number(column("null")[0])}`
          : "mean activation at the last token"
      }
      answered={answered}
      tall={TALL}
      empty={failed && <Empty>These come from the record of all neurons, and there is none.</Empty>}
    >
      {({ attrs }) =>
        failure ? (
          <Complaint>{failure.message}</Complaint>
        ) : cubes ? (
          <>
            <div
              className="table-scroll unit-list"
              tabIndex={0}
              role="region"
              aria-label="Tokens and n-grams"
            >
              <Ranking
                label="Tokens and n-grams by mean activation"
                axis="n-gram"
                entries={(cubes.ngram_text?.texts ?? []).map(visible)}
                columns={[
                  { name: "mean_activation", title: "mean (a.u.)", values: column("mean_activation") },
                  { name: "p", title: "p", values: p },
                  { name: "count", title: "times", values: column("count") },
                  { name: "stretches", title: "in stretches", values: column("stretches") },
                ]}
                bars="mean_activation"
                interval={{ low: column("low"), high: column("high") }}
                unsure={p.map((one) => one >= LEVEL)}
              />
            </div>
            <p className="note muted">
              The highest {p.length} of {number(attrs.n_asked as number)} n-grams; p is corrected over all of
              them.
            </p>
          </>
        ) : (
          <div className="skeleton" style={{ height: TALL }} />
        )
      }
    </AskedPanel>
  );
}
