/** How much neurons overlap: each layer's nearest neighbours as a histogram, beside random directions. */
import { Button } from "@mantine/core";
import type { Question } from "../api/ask";
import type { Result } from "../api/shapes";
import { number } from "../figures/words";
import { AnswerPanel, ProgressLine } from "../result/AnswerPanel";
import { ExportItems } from "../result/ExportItems";
import { useAnswered } from "../result/useAnswered";
import { Complaint, Empty, Panel } from "../shell/Panel";
import { usePage } from "../state/page";
import { Histogram } from "./Histogram";
import { useNumbers } from "./useNumbers";

export function Overlap() {
  const { query, set } = usePage();
  const open = query.overlap === "1" && Boolean(query.model);
  const given = { model: query.model ?? "" };
  const question: Question | null = open ? { analysis: "superposition", arguments: given } : null;
  const { result, phase, failure, progress } = useAnswered(question);
  return (
    <>
      <Panel
        id="overlap"
        title="Superposition"
        reading="how near the nearest neighbour of each neuron points, beside random directions"
        className="atlas-overlap"
        menu={result && <ExportItems result={result} />}
      >
        {!open && (
          <Empty
            button={
              <Button variant="default" disabled={!query.model} onClick={() => set({ overlap: "1" })}>
                Measure the overlap
              </Button>
            }
          >
            Neurons outnumber the dimensions that they write to, so they share them; this says how much.
          </Empty>
        )}
        {phase === "failed" && failure && <Complaint>{failure.message}</Complaint>}
        {phase === "asking" && <ProgressLine progress={progress} />}
        {open && result && <Layers result={result} />}
      </Panel>
      {open && (
        <>
          <AnswerPanel
            id="together"
            slot=".together"
            title="Neurons that fire together"
            question={{ analysis: "correlated_neurons", arguments: given }}
          />
          <AnswerPanel
            id="measures"
            slot=".measures"
            title="Polysemanticity, measure by measure"
            question={{ analysis: "polysemanticity", arguments: given }}
          />
        </>
      )}
    </>
  );
}

function find(result: Result, name: string) {
  return result.variables.find((variable) => variable.name === name) ?? null;
}

function Layers({ result }: { result: Result }) {
  const counts = useNumbers(result, find(result, "overlap_count"));
  const low = useNumbers(result, find(result, "overlap_count_null_low"));
  const high = useNumbers(result, find(result, "overlap_count_null_high"));
  const mean = useNumbers(result, find(result, "overlap_count_null"));
  const edges = useNumbers(result, find(result, "bin_low"));
  const held = useNumbers(result, find(result, "largest_cosine"));
  const chance = useNumbers(result, find(result, "largest_cosine_null"));
  const p = useNumbers(result, find(result, "largest_cosine_p"));
  if (!counts || !low || !high || !mean || !edges || !held || !chance || !p)
    return <div className="skeleton" style={{ height: 320 }} />;
  const size = edges.length;
  const row = (values: Float64Array, layer: number) => values.subarray(layer * size, (layer + 1) * size);
  const layers = result.coords.layer?.values ?? [];
  const top = Math.max(...counts, ...high.filter(Number.isFinite));
  return (
    <>
      <div className="overlap-layers">
        {layers.map((layer, index) => (
          <Histogram
            key={String(layer)}
            title={`layer ${layer}`}
            note={`mean ${number(held[index])}, random ${number(chance[index])}, p ${number(p[index])}`}
            counts={row(counts, index)}
            chance={{ mean: row(mean, index), low: row(low, index), high: row(high, index) }}
            edges={edges}
            top={top}
          />
        ))}
      </div>
      <p className="note muted">
        Across: largest |cosine| of a neuron’s output weights with another’s in its layer. Up: neurons. The
        line is random directions, its band 95 % of the draws.{" "}
        <span className="atlas-n">n = {String(result.attrs.n)} a layer</span>
      </p>
    </>
  );
}
