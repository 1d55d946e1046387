/** Path patching: what reaches the logits, or a head that reads, drawn as one diagram beside its matrices. */
import { useCallback, useEffect, useMemo, useState } from "react";
import type { Question } from "../api/ask";
import type { Result, Selection } from "../api/shapes";
import { AnsweredPanel } from "../result/AnswerPanel";
import { useAnswered } from "../result/useAnswered";
import { CloseIcon } from "../shell/icons";
import { Empty } from "../shell/Panel";
import { usePage } from "../state/page";
import { useSelection } from "../state/selection";
import { unitAt } from "../state/units";
import { About } from "./About";
import { aboutOf, inWords, receiversOf, writeReceivers } from "./address";
import { pathLinks, pathNodes, receiverNode, withCompanions } from "./found";
import type { Graph, GraphLink, GraphNode } from "./graph";
import { GraphPanel } from "./GraphPanel";
import { Follow } from "./Follow";
import { TakeCommon } from "./TakeCommon";
import { useNumbers } from "./useNumbers";
import { useShared } from "./useShared";

interface Found {
  result: Result;
  end: GraphNode | null;
  links: readonly GraphLink[];
}

export default function Paths() {
  const { query, set } = usePage();
  const { selected, select } = useSelection();
  const [found, setFound] = useState<Readonly<Record<string, Found>>>({});
  const receivers = useMemo(() => receiversOf(query), [query]);
  const about = useMemo(() => aboutOf(query), [query]);
  const shared = useShared(query.model);
  const ready = typeof about !== "string";
  const keep = useCallback(
    (receiver: string, part: Found) => setFound((all) => ({ ...all, [receiver]: part })),
    [],
  );
  const graph = useMemo(
    () => (ready ? joined(receivers.flatMap((receiver) => found[receiver] ?? [])) : null),
    [receivers, found, ready],
  );
  const chosen = headAt(selected) ?? query.node ?? null;
  const close = (receiver: string) =>
    set({ receivers: writeReceivers(receivers.filter((one) => one !== receiver)) });
  const choose = (node: GraphNode | null) => {
    set({ node: node && !node.places ? node.id : null });
    select(node?.places ?? null);
  };
  return (
    <>
      <About />
      <GraphPanel
        id="path-graph"
        title="Paths"
        reading="share of the answer that runs along each path; 1 = all that tells clean from corrupt"
        measure="share of the answer along the path"
        about={inWords(query)}
        columnName="head"
        graph={graph}
        chosen={chosen}
        onChoose={choose}
        empty={<Waiting missing={ready ? null : about} />}
      >
        {ready && <Follow chosen={chosen} receivers={receivers} shared={shared} />}
      </GraphPanel>
      <div className="circuits-side">
        {receivers.map((receiver, place) => (
          <PathAnswer
            key={receiver}
            receiver={receiver}
            slot={place === 0 ? ".paths" : `.paths.${place + 1}`}
            shared={shared}
            onFound={keep}
            onClose={receivers.length > 1 ? close : null}
          />
        ))}
      </div>
    </>
  );
}

function Waiting({ missing }: { missing: string | null }) {
  if (missing === null) return <div className="skeleton" style={{ height: 480 }} />;
  return <Empty button={<TakeCommon />}>{missing}</Empty>;
}

/** The head that is selected, as a node is called. */
function headAt(selected: Selection | null): string | null {
  const unit = unitAt(selected);
  return unit?.kind === "head" ? `head ${unit.layer}.${unit.index}` : null;
}

/** One graph of all that was found. */
function joined(parts: readonly Found[]): Graph | null {
  const [first] = parts;
  if (!first) return null;
  const nodes = new Map(pathNodes(first.result).map((node) => [node.id, node]));
  for (const { end } of parts) if (end && !nodes.has(end.id)) nodes.set(end.id, end);
  const links = parts.flatMap((part) => part.links);
  const reached = new Set(links.map(({ to }) => to));
  return { nodes: [...nodes.values()].filter(({ id, sort }) => sort !== "end" || reached.has(id)), links };
}

interface PathAnswerProps {
  receiver: string;
  slot: string;
  /** Heads of queries to one of keys; null while not known. */
  shared: number | null;
  onFound: (receiver: string, found: Found) => void;
  onClose: ((receiver: string) => void) | null;
}

const EFFECTS = ["effect", "mlp_effect"];

/** The paths into one receiver, as a matrix. */
function PathAnswer({ receiver, slot, shared, onFound, onClose }: PathAnswerProps) {
  const { query } = usePage();
  const question = useMemo<Question | null>(() => {
    const about = aboutOf(query);
    if (typeof about === "string") return null;
    const { senders, mlps } = query;
    const more = {
      ...(senders === "denoise" ? { direction: senders } : {}),
      ...(mlps === "frozen" ? { mlps } : {}),
    };
    return { analysis: "path_patching", arguments: { ...about, receivers: receiver, ...more } };
  }, [query, receiver]);
  const answered = useAnswered(question);
  const { result } = answered;
  const names = useMemo(() => (result ? withCompanions(result, EFFECTS) : []), [result]);
  const { numbers } = useNumbers(result, names);
  useEffect(() => {
    if (!result || !numbers) return;
    const end = receiverNode(receiver, result.dims.head ?? 0, shared);
    const to = receiver === "logits" ? "logits" : (end?.id ?? receiver);
    onFound(receiver, { result, end, links: pathLinks(result, numbers, to) });
  }, [result, numbers, receiver, shared, onFound]);
  if (!question) return null;
  return (
    <AnsweredPanel
      id={slot.slice(1)}
      slot={slot}
      title={`Into ${receiver}`}
      asked={question}
      answered={answered}
      tall={260}
      actions={
        onClose && (
          <button
            type="button"
            className="quiet"
            onClick={() => onClose(receiver)}
            aria-label={`No more paths into ${receiver}`}
          >
            <CloseIcon />
          </button>
        )
      }
    />
  );
}
