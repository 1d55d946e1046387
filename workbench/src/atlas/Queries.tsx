/** Reverse queries: which neurons does a text activate, and which does one text activate and another not? */
import { ActionIcon, Button, Select } from "@mantine/core";
import { type FormEvent, useEffect, useState } from "react";
import type { Question } from "../api/ask";
import { number, visible } from "../figures/words";
import { ProgressLine } from "../result/AnswerPanel";
import { useAnswered } from "../result/useAnswered";
import { CloseIcon } from "../shell/icons";
import { Complaint, Panel } from "../shell/Panel";
import { PageLink } from "../shell/PageLink";
import { usePage } from "../state/page";
import { LEVEL, readTerms, READINGS, type Reading, type Term, type Way, WAYS, writeTerms } from "./algebra";
import { type Asked, MOST_TERMS, type Terms } from "./useTerms";

const WORDS: Record<Way, string> = { and: "and", or: "or", not: "and not" };
const READ: Record<Reading, string> = {
  auto: "text or n-gram",
  ngram: "n-gram of the record",
  text: "text",
  pattern: "regular expression",
};

/** Queries as they are being written; a change of the address replaces them. */
function useDrafts() {
  const { query } = usePage();
  const [drafts, setDrafts] = useState<Term[]>(() => draftsOf(query.q));
  const [from, setFrom] = useState(query.q);
  if (from !== query.q) {
    setFrom(query.q);
    if (writeTerms(drafts) !== (query.q ?? "")) setDrafts(draftsOf(query.q));
  }
  return [drafts, setDrafts] as const;
}

export function Queries({ terms, total }: { terms: Terms; total: number }) {
  const { query, set } = usePage();
  const [drafts, setDrafts] = useDrafts();
  const change = (place: number, part: Partial<Term>) =>
    setDrafts(drafts.map((term, other) => (other === place ? { ...term, ...part } : term)));
  const remove = (place: number) => {
    const left = drafts.filter((_, other) => other !== place);
    setDrafts(left.length ? left : draftsOf(""));
    set({ q: writeTerms(left) });
  };
  const asked = writeTerms(drafts);
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    set({ q: asked }, { push: true });
  };
  return (
    <Panel
      id="queries"
      title="Fires on"
      reading="neurons that text activates, above their mean over a corpus"
      className="atlas-queries"
      actions={<Record />}
    >
      <form className="terms" onSubmit={onSubmit}>
        {drafts.map((term, place) => (
          <TermRow
            key={place}
            {...{ term, place, total }}
            answer={terms.asked[place]}
            onChange={(part) => change(place, part)}
            onRemove={() => remove(place)}
          />
        ))}
        <div className="term-actions">
          <Button
            size="compact-xs"
            className="primary"
            type="submit"
            disabled={!asked || !total || asked === query.q}
          >
            Find neurons
          </Button>
          <Button
            size="compact-xs"
            variant="default"
            disabled={drafts.length >= MOST_TERMS}
            onClick={() => setDrafts([...drafts, { way: "not", reading: "auto", text: "" }])}
          >
            Add a query
          </Button>
          {!total && <span className="note muted">Place the neurons first.</span>}
        </div>
      </form>
      <Together terms={terms} total={total} />
    </Panel>
  );
}

function draftsOf(text: string | undefined): Term[] {
  const terms = readTerms(text);
  return terms.length ? terms : [{ way: "and", reading: "auto", text: "" }];
}

interface RowProps {
  term: Term;
  place: number;
  answer: Asked | undefined;
  total: number;
  onChange: (part: Partial<Term>) => void;
  onRemove: () => void;
}

function TermRow({ term, place, answer, total, onChange, onRemove }: RowProps) {
  const same = answer?.term.text === term.text && answer.term.reading === term.reading;
  return (
    <div className="term">
      <Select
        size="xs"
        className="term-way"
        aria-label={`How query ${place + 1} joins`}
        data={(place === 0 ? (["and", "not"] as const) : WAYS).map((way) => ({
          value: way,
          label: place === 0 ? (way === "and" ? "on" : "not on") : WORDS[way],
        }))}
        value={place === 0 && term.way === "or" ? "and" : term.way}
        allowDeselect={false}
        onChange={(way) => onChange({ way: way as Way })}
      />
      <input
        className="mono term-text"
        aria-label={`Query ${place + 1}`}
        placeholder="text, token or expression"
        spellCheck={false}
        autoComplete="off"
        value={term.text}
        onChange={(event) => onChange({ text: event.target.value })}
      />
      <Select
        size="xs"
        className="term-reading"
        aria-label={`How query ${place + 1} is read`}
        data={READINGS.map((reading) => ({ value: reading, label: READ[reading] }))}
        value={term.reading}
        allowDeselect={false}
        onChange={(reading) => onChange({ reading: reading as Reading })}
      />
      <ActionIcon
        size="sm"
        variant="subtle"
        color="gray"
        aria-label={`Remove query ${place + 1}`}
        onClick={onRemove}
      >
        <CloseIcon />
      </ActionIcon>
      {same && <TermFoot asked={answer} total={total} />}
    </div>
  );
}

/** What one query found by itself, with its own stored result. */
function TermFoot({ asked, total }: { asked: Asked; total: number }) {
  if (asked.failure) return <Complaint>{asked.failure}</Complaint>;
  if (asked.own === null || !asked.result) return <p className="note muted term-foot">Asking…</p>;
  const { attrs, digest } = asked.result;
  return (
    <p className="note muted term-foot">
      <span>
        {visible(asked.term.text)} activates{" "}
        <b>
          {asked.own} of {total}
        </b>{" "}
        (effect above 0, corrected p &lt; {LEVEL}); {unsureOf(asked)} are not distinguishable from random.{" "}
        {number(Number(attrs.count))} tokens.
      </span>
      <span>
        {asked.left !== null && `Left: ${asked.left} of ${total}. `}
        <PageLink to="/results" query={{ result: digest }} className="mono">
          {digest.slice(0, 8)}
        </PageLink>
      </span>
    </p>
  );
}

/** How many neurons the query moves neither up nor down for sure. */
function unsureOf({ p }: Asked): number {
  return p?.reduce((sum, one) => sum + Number(one >= LEVEL), 0) ?? 0;
}

function Together({ terms: { asked, set, byChance }, total }: { terms: Terms; total: number }) {
  if (!set || asked.length < 2) return null;
  const left = asked.at(-1)?.left ?? 0;
  const negated = asked.some(({ term }) => term.way === "not");
  return (
    <p className="note" aria-live="polite">
      Together:{" "}
      <b>
        {left} of {total}
      </b>
      .{byChance !== null && ` Two unrelated sets of these sizes would share ${number(byChance)}.`}
      {negated && " “Not” keeps neurons that the query has not been shown to activate; some may be missed."}
    </p>
  );
}

/** The record of a corpus that queries are compared with: a short one, or one made here. */
function Record() {
  const { query, set } = usePage();
  const [question, setQuestion] = useState<Question | null>(null);
  const { result, phase, progress, failure } = useAnswered(question);
  const digest = phase === "done" ? result?.digest : undefined;
  useEffect(() => {
    if (digest && question) {
      setQuestion(null);
      set({ record: digest });
    }
  }, [digest, question, set]);
  if (query.record)
    return (
      <span className="note muted">
        record{" "}
        <PageLink to="/results" query={{ result: query.record }} className="mono">
          {query.record.slice(0, 8)}
        </PageLink>{" "}
        <button type="button" className="text-button" onClick={() => set({ record: null })}>
          use the short one
        </button>
      </span>
    );
  if (phase === "asking") return <ProgressLine progress={progress} />;
  return (
    <>
      {failure && <span className="note">{failure.message}</span>}
      <Button
        size="compact-xs"
        variant="default"
        disabled={!query.model}
        title="Reads 20,000 tokens, so that more n-grams are known and base rates are surer."
        onClick={() =>
          setQuestion({
            analysis: "neuron_examples",
            arguments: { model: query.model ?? "", n_tokens: 20_000 },
          })
        }
      >
        Read more text
      </Button>
    </>
  );
}
