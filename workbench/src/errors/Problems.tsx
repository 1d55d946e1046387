/** The problems by outcome: how many are right, and each with what the model wrote; a click takes one to the lab. */
import { NumberInput, SegmentedControl, TextInput } from "@mantine/core";
import { useMemo } from "react";
import { number, visible } from "../figures/words";
import type { Answered } from "../result/useAnswered";
import { PageLink } from "../shell/PageLink";
import { Complaint, Empty } from "../shell/Panel";
import { usePage } from "../state/page";
import { AskedPanel } from "../unit/AskedPanel";
import { type Cubes, current, useCubes } from "../unit/asking";
import { countOf, OUTCOMES, outcomeOf, USUAL_COUNT } from "./address";
import { kept, type Problem, problemsIn, turned, WANTED } from "./problems";

const SHOWN = 200;

interface ProblemsProps {
  answered: Answered;
  /** The same problems under the interventions. */
  changed: Answered;
}

export function Problems({ answered, changed }: ProblemsProps) {
  const { query, set } = usePage();
  const { cubes, failure } = useCubes(current(answered), WANTED);
  const { cubes: after } = useCubes(current(changed), WANTED);
  return (
    <AskedPanel
      id="problems"
      title="Problems"
      reading="what the model writes by itself, greedily; right = the whole answer"
      answered={answered}
      tall={460}
      empty={<Empty>Choose a model in the bar above: it is put to the problems of a task.</Empty>}
      actions={
        <NumberInput
          size="xs"
          w={84}
          aria-label="How many problems"
          min={1}
          max={1000}
          value={countOf(query)}
          onChange={(n) => set({ n: Number(n) === USUAL_COUNT ? null : String(n) })}
        />
      }
    >
      {() =>
        failure ? (
          <Complaint>{failure.message}</Complaint>
        ) : cubes ? (
          <Listed cubes={cubes} after={after} going={changed.phase === "asking"} />
        ) : (
          <div className="skeleton" style={{ height: 460 }} />
        )
      }
    </AskedPanel>
  );
}

function Listed({ cubes, after, going }: { cubes: Cubes; after: Cubes | null; going: boolean }) {
  const { query, set } = usePage();
  const problems = useMemo(() => problemsIn(cubes, after), [cubes, after]);
  const outcome = outcomeOf(query);
  const shown = kept(problems, outcome, query.find ?? "");
  const counts = OUTCOMES.map(({ value, label }) => ({
    value,
    label: `${label} ${kept(problems, value, "").length}`,
  }));
  return (
    <>
      <p data-accuracy={cubes.accuracy?.numbers?.[0]}>
        Right: {share(cubes)}.{after && <Turned problems={problems} after={after} />}
        {going && <span className="muted"> Asking again under the interventions…</span>}
      </p>
      <div className="errors-tools">
        <SegmentedControl
          size="xs"
          aria-label="Outcome"
          data={counts}
          value={outcome}
          onChange={(value) => set({ outcome: value === "all" ? null : value })}
        />
        <TextInput
          size="xs"
          aria-label="Find among the problems"
          placeholder="Find"
          value={query.find ?? ""}
          onChange={(event) => set({ find: event.currentTarget.value || null })}
        />
        <span className="muted note" aria-live="polite" data-kept={shown.length}>
          {shown.length} of {problems.length}
          {shown.length > SHOWN && `, the first ${SHOWN} listed`}
        </span>
      </div>
      {shown.length === 0 ? (
        <Empty>No problem fits: choose another outcome, or find other words.</Empty>
      ) : (
        <List problems={shown.slice(0, SHOWN)} changed={after !== null} />
      )}
    </>
  );
}

function List({ problems, changed }: { problems: readonly Problem[]; changed: boolean }) {
  return (
    <div className="table-scroll" tabIndex={0} role="region" aria-label="Problems">
      <table className="data problems">
        <thead>
          <tr>
            <th scope="col">problem</th>
            <th scope="col">answer</th>
            <th scope="col">wrote</th>
            <th scope="col">outcome</th>
            <th scope="col" className="right">
              right − wrong
            </th>
            {changed && <th scope="col">now</th>}
          </tr>
        </thead>
        <tbody>
          {problems.map((problem) => (
            <Row key={problem.row} problem={problem} changed={changed} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function share(cubes: Cubes): string {
  const [low, high] = Array.from(cubes.accuracy_interval?.numbers ?? []);
  return `${number(cubes.accuracy?.numbers?.[0])} of problems (95 % interval ${number(low)} to ${number(high)})`;
}

function Turned({ problems, after }: { problems: readonly Problem[]; after: Cubes }) {
  const { right, wrong } = turned(problems);
  return (
    <span data-turned={`${right} ${wrong}`}>
      {" "}
      Under the interventions: {share(after)}; {right} turned right, {wrong} turned wrong.
    </span>
  );
}

const NAMES = { right: "right", wrong: "wrong", prefers: "wrong, prefers right" };

function Row({ problem, changed }: { problem: Problem; changed: boolean }) {
  const { clean, answer, written, correct, prefers, metric, now } = problem;
  const outcome = correct ? "right" : prefers ? "prefers" : "wrong";
  return (
    <tr data-outcome={outcome}>
      <th scope="row">
        <PageLink
          to="/lab"
          query={{ prompt: clean, corrupt: null, target: null, distractor: null }}
          className="mono"
          title="Open in the lab"
        >
          {clean}
        </PageLink>
      </th>
      <td className="mono">{visible(answer)}</td>
      <td className="mono">{visible(written)}</td>
      <td>{NAMES[outcome]}</td>
      <td className="right mono" data-value={metric}>
        {number(metric)}
      </td>
      {changed && (
        <td className="mono" data-now={now ? (now.correct ? "right" : "wrong") : ""}>
          {now
            ? `${visible(now.written)} ${now.correct === correct ? "" : now.correct ? "right now" : "wrong now"}`
            : ""}
        </td>
      )}
    </tr>
  );
}
