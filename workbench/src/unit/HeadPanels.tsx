/** What is known of an attention head: where it looks on a prompt, what sort it is, which heads it works with. */
import { Button } from "@mantine/core";
import { useEffect, useMemo, useState } from "react";
import { usePrompts } from "../api/queries";
import { Ranking } from "../figures/Ranking";
import { number } from "../figures/words";
import { AnswerPanel } from "../result/AnswerPanel";
import { useAnswered } from "../result/useAnswered";
import { Empty } from "../shell/Panel";
import { usePage } from "../state/page";
import { writePlaces } from "../state/places";
import { argumentOf } from "../state/stack";
import type { Unit } from "../state/units";
import { AskedPanel } from "./AskedPanel";
import { current, useCubes, useQuestion } from "./asking";
import { type Related, UnitList } from "./UnitList";

const SLOT = ".pattern";
const LEVEL = 0.05;

interface PartProps {
  model: string;
  unit: Unit;
  ready: boolean;
}

/** Attention over the prompt, with this layer and head chosen. */
export function Pattern({ model, unit }: Omit<PartProps, "ready">) {
  const { query, set } = usePage();
  const changes = argumentOf(query.do);
  const asked = { model, prompt: query.prompt, ...(changes.length > 0 ? { do: changes } : {}) };
  const question = useQuestion("attention_patterns", asked, Boolean(query.prompt));
  const at = writePlaces({ layer: unit.layer, head: unit.index });
  useEffect(() => set({ [`at${SLOT}`]: at }), [at, set]);
  return (
    <AnswerPanel
      id="pattern"
      slot={SLOT}
      title="Where it looks"
      question={question}
      tall={420}
      empty={<PromptForm />}
      actions={
        changes.length > 0 && <span className="muted note">with {changes.length} interventions in force</span>
      }
    />
  );
}

/** A prompt to look at, typed or taken from the common ones. */
function PromptForm() {
  const { set } = usePage();
  const { data: common } = usePrompts();
  const [text, setText] = useState("");
  const first = common?.[0]?.prompt;
  return (
    <Empty
      button={
        <form
          className="unit-address"
          onSubmit={(event) => {
            event.preventDefault();
            set({ prompt: text || first || null });
          }}
        >
          <input
            name="prompt"
            aria-label="Prompt"
            placeholder={first}
            autoComplete="off"
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
          <Button size="compact-sm" variant="default" type="submit" disabled={!text && !first}>
            Look
          </Button>
        </form>
      }
    >
      Attention is about a prompt: type one, or take the one in the box.
    </Empty>
  );
}

/** How much the head is of each sort, beside what chance gives. */
export function Sorts({ model, unit, ready }: PartProps) {
  const answered = useAnswered(useQuestion("head_taxonomy", { model }, ready));
  const result = current(answered);
  const at = useMemo(() => placeOf(result?.coords.layer?.values, unit), [result, unit]);
  const { cubes } = useCubes(result, { score: at, low: at, high: at, null: at, p: at, sort: at });
  const column = (name: string) => Array.from(cubes?.[name]?.numbers ?? []);
  const p = column("p");
  const sort = cubes?.sort?.texts?.[0];
  return (
    <AskedPanel
      id="sorts"
      title="What sort of head"
      reading={
        sort
          ? sort === "–"
            ? "of none of these sorts clearly enough to be named"
            : `sort: ${sort}`
          : "scores by sort, beside chance"
      }
      answered={answered}
      tall={260}
    >
      {() =>
        cubes ? (
          <div className="table-scroll" tabIndex={0} role="region" aria-label="Scores by sort of head">
            <Ranking
              label="Scores by sort of head"
              axis="sort"
              entries={((result?.coords.item?.values ?? []) as string[]).map(String)}
              columns={[
                { name: "score", title: "score", values: column("score") },
                { name: "null", title: "by chance", values: column("null") },
                { name: "p", title: "p", values: p },
              ]}
              bars="score"
              interval={{ low: column("low"), high: column("high") }}
              unsure={p.map((one) => one >= LEVEL)}
            />
          </div>
        ) : (
          <div className="skeleton" style={{ height: 260 }} />
        )
      }
    </AskedPanel>
  );
}

function placeOf(layers: readonly unknown[] | null | undefined, unit: Unit) {
  const layer = layers?.indexOf(unit.layer) ?? unit.layer;
  return { layer: Math.max(layer, 0), head: unit.index };
}

const MEASURES = [
  "normalised_entropy",
  "sparsity",
  "largest",
  "distance",
  "first",
  "self",
  "previous",
] as const;

/** How wide, how far and where to the head looks over text. */
export function Habits({ model, unit, ready }: PartProps) {
  const answered = useAnswered(useQuestion("head_statistics", { model }, ready));
  const result = current(answered);
  const at = useMemo(() => placeOf(result?.coords.layer?.values, unit), [result, unit]);
  const ends = (name: string) => (name === MEASURES[0] ? ["low", "high"] : [`${name}_low`, `${name}_high`]);
  const { cubes } = useCubes(
    result,
    Object.fromEntries(MEASURES.flatMap((name) => [name, ...ends(name)].map((one) => [one, at]))),
  );
  const one = (name: string) => cubes?.[name]?.numbers?.[0] ?? Number.NaN;
  return (
    <AskedPanel
      id="habits"
      title="How it looks at text"
      reading={
        result ? `means over ${String(result.attrs.n)} passages, 95 % intervals` : "means over passages"
      }
      answered={answered}
      tall={220}
    >
      {(found) =>
        cubes ? (
          <table className="data unit-habits">
            <caption className="hidden">How wide, how far and where to it looks</caption>
            <tbody>
              {MEASURES.map((name) => {
                const variable = found.variables.find((other) => other.name === name);
                const units = variable?.units && variable.units !== "1" ? ` ${variable.units}` : "";
                const [low = "", high = ""] = ends(name);
                return (
                  <tr key={name}>
                    <th scope="row">{variable?.long_name || name}</th>
                    <td className="mono" data-variable={name} data-value={one(name)}>
                      {number(one(name))}
                      {units}
                    </td>
                    <td className="mono muted">
                      {number(one(low))} … {number(one(high))}
                    </td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        ) : (
          <div className="skeleton" style={{ height: 220 }} />
        )
      }
    </AskedPanel>
  );
}

const SHOWN = 6;
/** What a later head reads, in the order of the axis. */
const SITES = ["queries", "keys", "values"] as const;
const WAYS = [
  { words: "Reads its … from", none: "No earlier head." },
  { words: "Is read for … by", none: "No later head." },
] as const;

/** Heads that it reads from and that read from it, by the weights alone. */
export function Partners({ model, unit, ready }: PartProps) {
  const answered = useAnswered(useQuestion("head_composition", { model }, ready));
  const result = current(answered);
  const own = result?.coords.item?.values?.indexOf(`${unit.layer}.${unit.index}`) ?? -1;
  const fixed = (axis: string) => ({ [axis]: Math.max(own, 0) });
  const written = useCubes(result, { debiased: fixed("item"), p: fixed("item") });
  const read = useCubes(result, { debiased: fixed("other"), p: fixed("other") });
  const names = ((result?.coords.item?.values ?? []) as string[]).map(unitNamed);
  return (
    <AskedPanel
      id="partners"
      title="Heads it works with"
      reading="composition of weights above that of a random pair; p corrected over all pairs"
      answered={answered}
      tall={420}
    >
      {() =>
        written.cubes && read.cubes ? (
          <>
            {WAYS.map(({ words, none }, way) => (
              <div key={words} className="unit-partners">
                {SITES.map((title, site) => (
                  <div key={title}>
                    <h3>{words.replace("…", title)}</h3>
                    <Strongest
                      names={names}
                      cubes={way === 0 ? read.cubes : written.cubes}
                      site={site}
                      none={none}
                    />
                  </div>
                ))}
              </div>
            ))}
          </>
        ) : (
          <div className="skeleton" style={{ height: 420 }} />
        )
      }
    </AskedPanel>
  );
}

function unitNamed(name: string): Unit {
  const [layer, index] = name.split(".").map(Number);
  return { kind: "head", layer: layer ?? 0, index: index ?? 0 };
}

interface StrongestProps {
  names: readonly Unit[];
  cubes: ReturnType<typeof useCubes>["cubes"];
  site: number;
  none: string;
}

function Strongest({ names, cubes, site, none }: StrongestProps) {
  const [values, p] = ["debiased", "p"].map((name) => {
    const all = cubes?.[name]?.numbers ?? new Float64Array();
    return all.subarray(site * names.length, (site + 1) * names.length);
  }) as [Float64Array, Float64Array];
  const related = names
    .map((unit, at): Related => ({ unit, value: values[at] as number, p: p[at] as number }))
    .filter(({ value }) => Number.isFinite(value))
    .toSorted((one, other) => other.value - one.value)
    .slice(0, SHOWN);
  if (related.length === 0) return <p className="note muted">{none}</p>;
  return <UnitList label="Heads by composition" measure="above chance" related={related} />;
}
