/** A panel about a unit: it says what is being asked, then draws the answer in its own way. */
import type { ReactNode } from "react";
import type { Result } from "../api/shapes";
import { number } from "../figures/words";
import { Going } from "../result/AnswerPanel";
import { ExportItems } from "../result/ExportItems";
import type { Answered } from "../result/useAnswered";
import { PageLink } from "../shell/PageLink";
import { Complaint, Panel } from "../shell/Panel";
import { current } from "./asking";

interface AskedPanelProps {
  id: string;
  title: string;
  reading?: ReactNode;
  answered: Answered;
  /** Height that is kept free for the answer. */
  tall: number;
  actions?: ReactNode;
  menu?: ReactNode;
  /** What stands there while nothing is asked. */
  empty?: ReactNode;
  children: (result: Result) => ReactNode;
}

export function AskedPanel(props: AskedPanelProps) {
  const { id, title, reading, answered, tall, actions, menu, empty, children } = props;
  const { phase } = answered;
  const result = current(answered);
  return (
    <Panel
      id={id}
      title={title}
      reading={reading}
      actions={actions}
      className="result"
      menu={
        (result || menu) && (
          <>
            {result && <ExportItems result={result} />}
            {menu}
          </>
        )
      }
    >
      {result?.warning && <Complaint>{result.warning}</Complaint>}
      {result ? children(result) : phase === "idle" && empty ? empty : null}
      {!result && !(phase === "idle" && empty) && phase !== "failed" && phase !== "cancelled" && (
        <div className="skeleton" style={{ height: tall }} />
      )}
      {!result && <Going answered={answered} />}
      {result && <Source result={result} />}
    </Panel>
  );
}

/** Where an answer came from. */
function Source({ result }: { result: Result }) {
  const seconds = result.provenance.wall_seconds;
  return (
    <footer className="figure-foot">
      <PageLink
        to="/results"
        query={{ result: result.digest }}
        className="mono digest"
        title="Where it came from"
      >
        {result.digest.slice(0, 12)}
      </PageLink>
      {typeof seconds === "number" && <span>{number(seconds)} s to compute</span>}
    </footer>
  );
}
