/** How neurons change while the model is trained: an animation, and the same as small multiples beside it. */
import { Button, Select } from "@mantine/core";
import { useMemo } from "react";
import { useKnown } from "../../api/queries";
import type { Result, Variable } from "../../api/shapes";
import { chosenDomain, extent } from "../../colour/domain";
import { ColourScale } from "../../figures/ColourScale";
import { byValue } from "../../figures/pointcolours";
import { inWords, valueTitle } from "../../figures/words";
import { ProgressLine } from "../../result/AnswerPanel";
import { ExportItems } from "../../result/ExportItems";
import { ResultPanel } from "../../result/ResultPanel";
import { useAnswered } from "../../result/useAnswered";
import { Complaint, Empty, Panel } from "../../shell/Panel";
import { usePage } from "../../state/page";
import { useSelection } from "../../state/selection";
import { useTheme } from "../../state/theme";
import { Film } from "./Film";
import { Multiples } from "./Multiples";
import { Traces } from "./Traces";
import { type Change, changeOf, placeIn } from "./change";
import { useNumbers } from "../useNumbers";

export function Training() {
  const { query, set } = usePage();
  const model = query.model ?? "";
  const { data: known } = useKnown("Checkpoints");
  const own = (known ?? []).find(({ name }) => name.split("@")[0] === model.split("@")[0]);
  const asking = own !== undefined && query.training === "1";
  const { result, phase, failure, progress } = useAnswered(
    asking ? { analysis: "checkpoint_drift", arguments: { checkpoints: own.name } } : null,
  );
  const measures = result ? neuronMeasures(result) : [];
  if (asking && result && phase === "done" && measures.length === 0)
    return <ResultPanel id="training" slot=".training" title="Through the training" result={result} />;
  return (
    <Panel
      id="training"
      title="Through the training"
      reading={
        asking
          ? `${own.name}, ${own.summary}`
          : "what each neuron was at earlier steps, beside what it became"
      }
      className="atlas-training"
      menu={result && <ExportItems result={result} />}
    >
      {known && !own && <Elsewhere model={model} names={known.map(({ name }) => name)} />}
      {own && !asking && (
        <Empty
          button={
            <Button variant="default" onClick={() => set({ training: "1" }, { push: true })}>
              Follow the training
            </Button>
          }
        >
          {own.name} keeps {own.summary}; each is opened in turn and compared with the last.
        </Empty>
      )}
      {phase === "failed" && failure && <Complaint>{failure.message}</Complaint>}
      {phase === "asking" && <ProgressLine progress={progress} />}
      {asking && result && <Followed result={result} measures={measures} />}
    </Panel>
  );
}

/** Says that this model keeps no steps, and opens one that does. */
function Elsewhere({ model, names }: { model: string; names: readonly string[] }) {
  const { set } = usePage();
  const first = names[0]?.split("@")[0];
  return (
    <Empty
      button={
        first && (
          <Button
            variant="default"
            onClick={() =>
              set(
                { model: first, training: "1", map: null, q: null, region: null, sel: null, pins: null },
                { push: true },
              )
            }
          >
            Open {first}
          </Button>
        )
      }
    >
      {model || "No model"} keeps no steps of its training;{" "}
      {names.map((name) => name.split("@")[0]).join(", ")} do.
    </Empty>
  );
}

function neuronMeasures(result: Result): Variable[] {
  return result.variables.filter(({ axes }) => axes.join() === "step,layer,neuron");
}

function Followed({ result, measures }: { result: Result; measures: readonly Variable[] }) {
  const { query, set } = usePage();
  const measure = measures.find(({ name }) => name === query.change) ?? measures.at(-1) ?? null;
  const across = measures.find(({ name }) => name === "weight_cosine") ?? null;
  const upward = measures.find(({ name }) => name === "activation_correlation") ?? null;
  const values = useNumbers(result, measure);
  const x = useNumbers(result, across);
  const y = useNumbers(result, upward);
  const change = useMemo(
    () => (values && x && y ? changeOf(result, { values, x, y }) : null),
    [result, values, x, y],
  );
  if (!change || !measure || !across || !upward) return <div className="skeleton" style={{ height: 420 }} />;
  return (
    <>
      <div className="atlas-bar">
        <span className="muted">Colour by</span>
        <Select
          size="xs"
          className="atlas-choice"
          aria-label="What colours the neurons in training"
          data={measures.map(({ name }) => ({ value: name, label: inWords(name) }))}
          value={measure.name}
          allowDeselect={false}
          onChange={(name) => set({ change: name })}
        />
      </div>
      <Drawn {...{ change, measure, across, upward, result }} />
    </>
  );
}

interface DrawnProps {
  change: Change;
  measure: Variable;
  across: Variable;
  upward: Variable;
  result: Result;
}

function Drawn({ change, measure, across, upward, result }: DrawnProps) {
  const { query, set } = usePage();
  const theme = useTheme();
  const { selected, pins } = useSelection();
  const domain = useMemo(() => chosenDomain(change.values, extent(change.values), "clip"), [change]);
  const { colours } = useMemo(() => byValue(change.values, null, domain, theme), [change, domain, theme]);
  const step = Math.min(Math.max(Number(query.step ?? 0) || 0, 0), change.steps.length - 1);
  const traced = useMemo(() => {
    const chosen = [...pins, ...(selected ? [selected] : [])].map((places) => placeIn(change, places));
    return [...new Set(chosen.filter((place) => place !== null))];
  }, [change, pins, selected]);
  const names = { xName: valueTitle(across), yName: valueTitle(upward) };
  const shared = {
    change,
    colours,
    traced,
    theme,
    step,
    onStep: (next: number) => set({ step: String(next) }),
  };
  return (
    <>
      <div className="training-views">
        <Film {...shared} {...names} />
        <Multiples {...shared} {...names} />
      </div>
      <div className="atlas-foot">
        <ColourScale title={valueTitle(measure)} domain={domain} theme={theme} />
        <p className="note muted atlas-counts">
          One plane for every step, one scale of colours. Pinned neurons and the selected one leave a trace.
          <span className="atlas-n">
            {change.names.length} neurons, n = {String(result.attrs.n)} {String(result.attrs.n_unit)}
          </span>
        </p>
      </div>
      {traced.length > 0 && <Traces {...shared} title={valueTitle(measure)} />}
    </>
  );
}
