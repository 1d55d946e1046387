/** What a neuron does through each later head, from a stored answer or a new one, and that in words. */
import { Button } from "@mantine/core";
import { useAnalyses } from "../api/queries";
import type { Result } from "../api/shapes";
import { Ranking } from "../figures/Ranking";
import { inWords, number, visible } from "../figures/words";
import { cut } from "../result/cube";
import { useAnswered } from "../result/useAnswered";
import { useResult, useShelf } from "../results/stored";
import { PageLink } from "../shell/PageLink";
import { Complaint, Empty, Panel } from "../shell/Panel";
import { usePage } from "../state/page";
import { type Unit, writeUnit } from "../state/units";
import { AskedPanel } from "./AskedPanel";
import { type Cubes, useCubes, useQuestion } from "./asking";
import { numberIn } from "./record";

const ANALYSIS = "second_order_effects";
const LISTED = 12;
const WORDS = { atom: {}, weight: {} };
const SAID = 16;

interface SecondOrderProps {
  model: string;
  unit: Unit;
}

export function SecondOrder({ model, unit }: SecondOrderProps) {
  const { query, set } = usePage();
  const { data: analyses } = useAnalyses();
  const { data: shelf } = useShelf({ analysis: ANALYSIS, model }, 1);
  const { data: stored } = useResult(shelf?.entries[0]?.digest);
  const asks = query.second === "1" && shelf?.entries.length === 0;
  const answered = useAnswered(useQuestion(ANALYSIS, { model, task: query.task }, asks));
  if (!stored && !analyses?.some(({ name }) => name === ANALYSIS)) return null;
  const shown = stored ? { ...answered, phase: "done" as const, result: stored } : answered;
  return (
    <AskedPanel
      id="second-order"
      title="Through later heads"
      reading="its second-order effect on the answer, by the head that carries it"
      answered={shown}
      tall={260}
      empty={
        <Empty
          button={
            <Button size="compact-sm" variant="default" onClick={() => set({ second: "1" })}>
              Ask for the effects
            </Button>
          }
        >
          What a neuron writes is read by later heads; their patterns held, its effect through each is exact.
        </Empty>
      }
    >
      {(result) => <ByHead result={result} unit={unit} />}
    </AskedPanel>
  );
}

/** The heads that carry most of it, and the sum over all. */
function ByHead({ result, unit }: { result: Result; unit: Unit }) {
  const { set } = usePage();
  const layer = result.coords.layer?.values?.indexOf(unit.layer) ?? unit.layer;
  const at = { layer, neuron: unit.index };
  const { cubes, failure } = useCubes(layer >= 0 ? result : null, wantedAt(at));
  if (layer < 0) return <p className="muted note">Layer {unit.layer} is not in this answer.</p>;
  if (failure) return <Complaint>{failure.message}</Complaint>;
  if (!cubes) return <div className="skeleton" style={{ height: 260 }} />;
  const heads = headsIn(cubes);
  const listed = heads.slice(0, LISTED);
  return (
    <>
      <p>
        In all{" "}
        <b className="mono" data-value={numberIn(cubes, "effect")}>
          {number(numberIn(cubes, "effect"))}
        </b>
        {cubes.effect_low &&
          ` (95 % interval ${number(numberIn(cubes, "effect_low"))} to ${number(numberIn(cubes, "effect_high"))} over prompts)`}
        ; straight to the answer {number(numberIn(cubes, "first_order"))}.
        {typeof result.attrs.n === "number" &&
          ` Over ${result.attrs.n} prompts; what is read is ${inWords(String(result.attrs.reading))}.`}
      </p>
      {listed.length === 0 ? (
        <p className="muted note">No head comes after this layer.</p>
      ) : (
        <Ranking
          label="Heads by the size of the effect"
          axis="head"
          entries={listed.map(({ name }) => name)}
          columns={[{ name: "head_effect", title: "effect", values: listed.map(({ effect }) => effect) }]}
          bars="head_effect"
          onPin={(row) => set({ unit: listed[row]?.name ?? null }, { push: true })}
        />
      )}
      {heads.length > LISTED && (
        <p className="muted note">
          The {LISTED} largest of {heads.length} later heads.
        </p>
      )}
    </>
  );
}

function wantedAt(at: { layer: number; neuron: number }) {
  return {
    head_effect: at,
    path_layer: {},
    path_head: {},
    effect: at,
    effect_low: at,
    effect_high: at,
    first_order: at,
  };
}

/** The later heads with what passes through each, the largest first. */
export function headsIn(cubes: Cubes): { name: string; effect: number }[] {
  const [layers, heads] = [cubes.path_layer?.numbers ?? [], cubes.path_head?.numbers ?? []];
  return Array.from(cubes.head_effect?.numbers ?? [], (effect, path) => ({
    name: `z.${layers[path]}.${heads[path]}`,
    effect,
  }))
    .filter(({ effect }) => Number.isFinite(effect))
    .toSorted((one, other) => Math.abs(other.effect) - Math.abs(one.effect));
}

/** What it writes through later heads, taken apart into few words, where that is stored. */
export function Described({ model, unit }: { model: string; unit: Unit }) {
  const { data } = useShelf({ analysis: "text_decomposition", model }, 1);
  const { data: result } = useResult(data?.entries[0]?.digest);
  const names = (result?.coords.address ?? result?.coords.item)?.values as readonly string[] | undefined;
  const item = names?.indexOf(writeUnit(unit)) ?? -1;
  const { cubes } = useCubes(item >= 0 && result ? result : null, WORDS);
  if (!result || item < 0) return null;
  const words = (cubes?.atom ? (cut(cubes.atom, { item }).texts ?? []) : []).slice(0, SAID);
  const weights = cubes?.weight ? (cut(cubes.weight, { item }).numbers ?? []) : [];
  return (
    <Panel
      id="described"
      title="Its words"
      reading="what it writes through later heads, as a sum of few words; a minus takes away"
      actions={
        <PageLink to="/results" query={{ result: result.digest }} className="mono">
          {result.digest.slice(0, 12)}
        </PageLink>
      }
    >
      <ul className="described">
        {words.map((word, row) =>
          word ? (
            <li key={`${row} ${word}`} data-weight={weights[row]}>
              <b className="mono">{visible(word)}</b>{" "}
              <span className="mono muted">{number(weights[row])}</span>
            </li>
          ) : null,
        )}
      </ul>
    </Panel>
  );
}
