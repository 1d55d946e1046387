/** The living 3D view as a panel: driven by the page's stream, its look kept in the address. */
import { Button } from "@mantine/core";
import { useCallback, useMemo } from "react";
import { useStream } from "../live/stream";
import { Empty, Panel, useTall } from "../shell/Panel";
import { usePage, usePageStore } from "../state/page";
import { useSelection } from "../state/selection";
import "../styles/brain.css";
import { BrainView } from "./BrainView";
import { type Feed, useSnapshot } from "./feed";
import { streamFeed, streamsOf } from "./streamFeed";
import { Tools } from "./Tools";
import { useLinkage } from "./useLinkage";
import { unitOf } from "./useMarks";
import { type BrainLook, readLook, writeLook } from "./view";

interface BrainPanelProps {
  /** Its name in the address. */
  id?: string;
}

const TALL = 560;

export default function BrainPanel({ id = "brain" }: BrainPanelProps) {
  const { query } = usePage();
  const feed = useMemo(() => streamFeed(begin), []);
  return (
    <Panel
      id={id}
      title="Living view"
      reading="every neuron of every layer, token by token; brighter is stronger"
      className="brain-panel"
    >
      <Living feed={feed} ready={Boolean(query.model && query.prompt)} />
    </Panel>
  );
}

function begin(): void {
  const { query, set } = usePageStore.getState();
  set({ "stream.digest": null, "stream.at": null });
  useStream.getState().start(...streamsOf(query));
}

function Living({ feed, ready }: { feed: Feed; ready: boolean }) {
  const { query, set } = usePage();
  const tall = useTall(TALL);
  const { phase, attention, activity, trouble } = useSnapshot(feed);
  const look = useMemo(() => readLook(query.brain), [query.brain]);
  const onLook = useCallback(
    (patch: Partial<BrainLook>) => {
      const before = readLook(usePageStore.getState().query.brain);
      set({ brain: writeLook({ ...before, ...patch }) });
    },
    [set],
  );
  const pinned = usePinnedNeurons();
  const { linkage, said } = useLinkage(look.links, attention, pinned);
  if (phase === "empty" || (!activity && trouble))
    return (
      <div className="brain-empty" style={{ minHeight: tall + 76 }}>
        <Empty
          button={
            <Button size="xs" variant="default" disabled={!ready} onClick={feed.start}>
              Watch it generate
            </Button>
          }
        >
          {trouble ??
            (ready
              ? "While the model goes on from the prompt, every neuron of every layer lights up here."
              : "Choose a model and type a prompt; while the model goes on from it, every neuron lights up here.")}
        </Empty>
      </div>
    );
  return (
    <>
      <Tools {...{ feed, phase, look, onLook }} linked={said} />
      <BrainView {...{ feed, look, onLook, linkage, tall }} />
    </>
  );
}

/** Addresses of the pinned neurons, whose weights onto each other can be drawn. */
function usePinnedNeurons(): readonly string[] {
  const pins = useSelection((selecting) => selecting.pins);
  return useMemo(
    () =>
      pins.flatMap((places) => {
        const unit = unitOf(places);
        return unit ? [`${unit.layer}.${unit.neuron}`] : [];
      }),
    [pins],
  );
}
