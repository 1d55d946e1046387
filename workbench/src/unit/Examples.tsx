/** Texts in which a neuron is most active, and tokens drawn at random by the tenth of its activations. */
import { SegmentedControl } from "@mantine/core";
import { useMemo, useState } from "react";
import type { Result } from "../api/shapes";
import type { Domain } from "../colour/domain";
import { ColourScale } from "../figures/ColourScale";
import { TokenText } from "../figures/TokenText";
import { number, visible } from "../figures/words";
import type { Answered } from "../result/useAnswered";
import { useOpen } from "../shell/PageLink";
import { Complaint } from "../shell/Panel";
import { usePage } from "../state/page";
import { writePlaces } from "../state/places";
import { useTheme } from "../state/theme";
import { placesOf, type Unit } from "../state/units";
import { AskedPanel } from "./AskedPanel";
import { type Cubes, useCubes } from "./asking";
import { type Band, bandsOf, type Example, numberIn, TENTHS, topOf } from "./record";

const ALL_AROUND = "all";
const AROUND = ["2", "4", ALL_AROUND] as const;

interface ExamplesProps {
  unit: Unit;
  record: Answered;
  cubes: Cubes | null;
  failure: Error | null;
}

export function Examples({ unit, record, cubes, failure }: ExamplesProps) {
  const { query, set } = usePage();
  return (
    <AskedPanel
      id="examples"
      title="Where it is active"
      reading="texts about its strongest activations, and about tokens drawn at random"
      answered={record}
      tall={560}
      actions={
        <SegmentedControl
          size="xs"
          aria-label="Tokens shown before and after"
          data={AROUND.map((value) => ({ value, label: value === ALL_AROUND ? "all kept" : `± ${value}` }))}
          value={query.around ?? ALL_AROUND}
          onChange={(around) => set({ around: around === ALL_AROUND ? null : around })}
        />
      }
    >
      {(result) =>
        failure ? (
          <Complaint>{failure.message}</Complaint>
        ) : cubes ? (
          <Groups unit={unit} record={result} cubes={cubes} />
        ) : (
          <div className="skeleton" style={{ height: 560 }} />
        )
      }
    </AskedPanel>
  );
}

/** Names of the groups that are open stand in the address. */
function useOpened(): [ReadonlySet<string>, (name: string) => void] {
  const { query, set } = usePage();
  const opened = useMemo(() => new Set((query.bands ?? "top").split(",")), [query.bands]);
  const turn = (name: string) => {
    const next = new Set(opened);
    if (!next.delete(name)) next.add(name);
    const text = [...next].filter(Boolean).join(",");
    set({ bands: text === "top" ? null : text || "none" });
  };
  return [opened, turn];
}

interface GroupsProps {
  unit: Unit;
  record: Result;
  cubes: Cubes;
}

function Groups({ unit, record, cubes }: GroupsProps) {
  const theme = useTheme();
  const [opened, turn] = useOpened();
  const [read, setRead] = useState<{ token: string; value: number } | null>(null);
  const { cubes: vocabulary } = useCubes(record, { token_text: {} });
  const top = useMemo(() => topOf(record, cubes), [record, cubes]);
  const bands = useMemo(() => bandsOf(record, cubes), [record, cubes]);
  const domain = domainOf(numberIn(cubes, "minimum"), numberIn(cubes, "maximum"));
  const texts = vocabulary?.token_text?.texts;
  const { n_tokens: tokens, n_stretches: stretches, corpus } = record.attrs;
  const sampled = bands.reduce((sum, { examples }) => sum + examples.length, 0);
  if (!texts) return <div className="skeleton" style={{ height: 560 }} />;
  const shared = { unit, texts, domain, onRead: setRead };
  return (
    <>
      <div className="figure-head">
        <p className="read-out" aria-live="polite">
          {read ? (
            <>
              <b className="mono">{visible(read.token)}</b> <span>{number(read.value)}</span>
            </>
          ) : (
            <span className="muted">
              Point at a token to read its value; click it to open the text in the lab.
            </span>
          )}
        </p>
        <ColourScale
          title={domain.low === 0 ? "activation (a.u.), below 0 as 0" : "activation (a.u.)"}
          domain={domain}
          theme={theme}
          value={read?.value ?? null}
        />
      </div>
      <Group
        name="top"
        title="Strongest"
        says={`${top.length} kept, one a stretch, of ${number(stretches as number)} stretches`}
        examples={top}
        {...{ opened, turn, ...shared }}
      />
      {bands.map((band) => (
        <Group
          key={band.first}
          name={String(band.first)}
          title={titleOf(band)}
          says={saysOf(band, sampled)}
          examples={band.examples}
          {...{ opened, turn, ...shared }}
        />
      ))}
      <p className="note muted">
        {number(tokens as number)} tokens of {String(corpus)} were read. The {sampled} tokens drawn at random
        are the same for all neurons, so what two neurons do on them is not independent.
      </p>
    </>
  );
}

/** From nothing at 0 to the greatest; what a neuron never above 0 does is spread over its own range. */
function domainOf(low: number, high: number): Domain {
  return high > 0
    ? { low: 0, high, scale: "magnitude", clipped: 0 }
    : { low, high: high > low ? high : low + 1, scale: "magnitude", clipped: 0 };
}

function titleOf({ first, last }: Band): string {
  return `${(100 * first) / TENTHS} to ${(100 * (last + 1)) / TENTHS} %`;
}

function saysOf({ first, last, low, high, examples }: Band, sampled: number): string {
  const share = (100 * (last + 1 - first)) / TENTHS;
  return `${share} % of tokens, ${number(low)} to ${number(high)} · ${examples.length} of ${sampled} drawn`;
}

interface GroupProps {
  name: string;
  title: string;
  says: string;
  examples: readonly Example[];
  opened: ReadonlySet<string>;
  turn: (name: string) => void;
  unit: Unit;
  texts: readonly string[];
  domain: Domain;
  onRead: (read: { token: string; value: number } | null) => void;
}

function Group({ name, title, says, examples, opened, turn, ...shared }: GroupProps) {
  const open = opened.has(name);
  return (
    <section className="example-group" data-group={name} aria-label={title}>
      <h3>
        <button type="button" aria-expanded={open} onClick={() => turn(name)}>
          <span aria-hidden="true">{open ? "▾" : "▸"}</span> {title}
          <span className="muted"> {says}</span>
        </button>
      </h3>
      {open && examples.length === 0 && (
        <p className="note muted">
          {name === "top" ? "It is above 0 nowhere." : "No drawn token lies here."}
        </p>
      )}
      {open && examples.length > 0 && (
        <ol className="examples">
          {examples.map((example, row) => (
            <Text key={row} example={example} {...shared} />
          ))}
        </ol>
      )}
    </section>
  );
}

type TextProps = Pick<GroupProps, "unit" | "texts" | "domain" | "onRead"> & { example: Example };

function Text({ example, unit, texts, domain, onRead }: TextProps) {
  const { around } = usePage().query;
  const theme = useTheme();
  const open = useOpen();
  const [lit, setLit] = useState<number | null>(null);
  const reach = Number(around ?? Number.NaN);
  const far = Number.isFinite(reach) ? reach : Number.POSITIVE_INFINITY;
  const from = Math.max(example.peak - far, 0);
  const to = Math.min(example.peak + far + 1, example.ids.length);
  const tokens = example.ids.slice(from, to).map((id) => texts[id] ?? "");
  const values = example.values.slice(from, to);
  return (
    <li data-value={example.value}>
      <span className="mono example-value">{number(example.value)}</span>
      <TokenText
        label={`Text about an activation of ${number(example.value)}`}
        labels={tokens.map((token) => ({ text: visible(token), token: true }))}
        {...{ values, domain, theme }}
        lit={lit ?? example.peak - from}
        onPoint={(index) => {
          setLit(index);
          onRead(index === null ? null : { token: tokens[index] ?? "", value: values[index] ?? Number.NaN });
        }}
        onPin={(index) =>
          open("/lab", {
            prompt: tokens.join("").trimStart(),
            corrupt: null,
            sel: writePlaces({ ...placesOf(unit), position: index }),
          })
        }
      />
    </li>
  );
}
