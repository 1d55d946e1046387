/** Unit: one neuron or one head, and all that is known of it. */
import { Button } from "@mantine/core";
import { useEffect, useState } from "react";
import { number } from "../figures/words";
import { useAnswered } from "../result/useAnswered";
import { typing } from "../shell/keys";
import { Complaint, Empty } from "../shell/Panel";
import { usePage } from "../state/page";
import { useSelection } from "../state/selection";
import { placesOf, type Unit as UnitName, unitAt, writeUnit } from "../state/units";
import "../styles/unit.css";
import { Ablation } from "./Ablation";
import { ActivationHistogram, shareInWords } from "./ActivationHistogram";
import { beside, type Sizes, unitOf } from "./address";
import { current, settled, useCubes, useQuestion, useSizes } from "./asking";
import { Examples } from "./Examples";
import { Explanation } from "./Explanation";
import { Habits, Partners, Pattern, Sorts } from "./HeadPanels";
import { Logits } from "./Logits";
import { Notes } from "./Notes";
import { layerAt, numberIn, wantedOf } from "./record";
import { Described, SecondOrder } from "./SecondOrder";
import { Similar } from "./Similar";
import { Tokens } from "./Tokens";
import { AddressBox, UnitHead } from "./UnitHead";
import { Weights } from "./Weights";

export default function Unit() {
  const { query } = usePage();
  const selected = useSelection((selection) => selection.selected);
  const model = query.model ?? "";
  const { sizes, answered } = useSizes(model);
  const chosen = unitAt(selected);
  const text = query.unit ?? (chosen ? writeUnit(chosen) : "");
  const unit = text ? unitOf(text, sizes) : null;
  if (unit === null || typeof unit === "string")
    return (
      <main className="unit">
        <h1 className="hidden">Unit</h1>
        <NoUnit wrong={unit} text={text} sizes={sizes} />
      </main>
    );
  const ready = sizes !== null || answered.phase === "failed";
  return (
    <main className="unit" data-unit={writeUnit(unit)}>
      <Followed unit={unit} sizes={sizes} />
      {unit.kind === "neuron" ? (
        <Neuron key={model} {...{ model, unit, sizes, ready }} />
      ) : (
        <Head key={model} {...{ model, unit, sizes, ready }} />
      )}
    </main>
  );
}

function NoUnit({ wrong, text, sizes }: { wrong: string | null; text: string; sizes: Sizes | null }) {
  const { set } = usePage();
  const first = sizes?.neuron === 0 ? "z.0.0" : "mlp_act.0.0";
  return (
    <div className="unit-none">
      <AddressBox key={text} sizes={sizes} first={text} />
      {wrong ? (
        <Complaint>{wrong}</Complaint>
      ) : (
        <Empty
          button={
            <Button size="compact-sm" variant="default" onClick={() => set({ unit: first }, { push: true })}>
              Open {first}
            </Button>
          }
        >
          A unit is a neuron, such as mlp_act.3.17, or an attention head, such as z.2.1.
        </Empty>
      )}
    </div>
  );
}

/** Keys that step to the neighbours; and the selection, which follows the page. */
function Followed({ unit, sizes }: { unit: UnitName; sizes: Sizes | null }) {
  const { set } = usePage();
  const address = writeUnit(unit);
  useEffect(() => {
    const { selected, select } = useSelection.getState();
    const now = unitAt(selected);
    if (!now || writeUnit(now) !== address) select(placesOf(unit));
    // The address says the unit.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [address]);
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      const by = { "[": -1, "]": 1 }[event.key] as 1 | -1 | undefined;
      if (!by || typing(event.target) || event.ctrlKey || event.metaKey || event.altKey) return;
      const other = beside(unit, by, sizes);
      if (other) set({ unit: writeUnit(other) });
    };
    globalThis.addEventListener("keydown", listen);
    return () => globalThis.removeEventListener("keydown", listen);
  });
  return null;
}

interface UnitProps {
  model: string;
  unit: UnitName;
  sizes: Sizes | null;
  /** The model is open, so that questions about it are cheap. */
  ready: boolean;
}

/** Whether something was true once; it stays so. */
function useOnce(now: boolean): boolean {
  const [been, setBeen] = useState(now);
  if (now && !been) setBeen(true);
  return been || now;
}

function Neuron({ model, unit, sizes, ready }: UnitProps) {
  const { panel } = usePage().query;
  const address = writeUnit(unit);
  const { layer, index } = unit;
  const logits = useAnswered(useQuestion("neuron_logits", { model, neurons: `${layer}.${index}` }, ready));
  const record = useAnswered(useQuestion("neuron_examples", { model }, useOnce(settled(logits))));
  const rest = useOnce(settled(record));
  const known = current(record);
  const at = { layer: known ? layerAt(known, layer) : layer, neuron: index };
  const { cubes, failure } = useCubes(known && at.layer >= 0 ? known : null, wantedOf(at));
  const digest = known?.digest ?? null;
  return (
    <>
      {!panel && <UnitHead unit={unit} sizes={sizes} facts={cubes ? factsIn(cubes) : "\u00a0"} />}
      <Standing />
      <div className="unit-main">
        <Examples {...{ unit, record, cubes, failure }} />
        <Tokens
          key={`tokens ${address}`}
          model={model}
          unit={unit}
          record={digest}
          failed={record.phase === "failed"}
        />
        <Similar key={`similar ${address}`} model={model} unit={unit} ready={rest} />
      </div>
      <div className="unit-side">
        <ActivationHistogram record={record} cubes={cubes} />
        <Logits answered={logits} />
        <Weights key={`weights ${address}`} model={model} unit={unit} ready={rest} />
        <Ablation key={`ablation ${address}`} model={model} unit={unit} ready={rest} />
        <Explanation key={`explanation ${address}`} model={model} unit={unit} record={digest} />
        <SecondOrder model={model} unit={unit} />
        <Described model={model} unit={unit} />
        <Notes key={`notes ${address}`} model={model} unit={address} />
      </div>
    </>
  );
}

function factsIn(cubes: Parameters<typeof shareInWords>[0]): string {
  const dead = numberIn(cubes, "dead") === 1 ? " · dead on this text" : "";
  return `${shareInWords(cubes)} · greatest ${number(numberIn(cubes, "maximum"))}${dead}`;
}

function Head({ model, unit, sizes, ready }: UnitProps) {
  const { panel } = usePage().query;
  const address = writeUnit(unit);
  const shared = { model, unit, ready };
  return (
    <>
      {!panel && <UnitHead unit={unit} sizes={sizes} />}
      <Standing />
      <div className="unit-main">
        <Pattern model={model} unit={unit} />
        <Partners {...shared} />
      </div>
      <div className="unit-side">
        <Sorts {...shared} />
        <Habits {...shared} />
        <Ablation key={`ablation ${address}`} {...shared} />
        <Notes key={`notes ${address}`} model={model} unit={address} />
      </div>
    </>
  );
}

/** What the page says of a model that is being changed. */
function Standing() {
  const { query } = usePage();
  if (!query.do) return null;
  return (
    <p className="note muted unit-standing">
      All but the attention on a prompt is of the model as it is, without the interventions; the dock measures
      what they do.
    </p>
  );
}
