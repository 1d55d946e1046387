/** The stream and its page: the address restores a replay, keys move along it, time passes while it plays. */
import { type RefObject, useEffect } from "react";
import { typing } from "../shell/keys";
import { usePageStore } from "../state/page";
import { isLive, newest, useStream } from "./stream";

/** Moves the cursor on while what is there is played again. */
export function usePlayback(): void {
  const { playing, speed, loop, phase, tapes } = useStream();
  const last = newest(tapes);
  const moves = playing && !isLive(phase) && last > 0;
  useEffect(() => {
    if (!moves) return undefined;
    const timer = setInterval(() => {
      const { cursor } = useStream.getState();
      if (cursor < last) useStream.setState({ cursor: cursor + 1 });
      else if (loop) useStream.setState({ cursor: 0 });
      else useStream.setState({ playing: false });
    }, 1000 / speed);
    return () => clearInterval(timer);
  }, [moves, speed, loop, last]);
}

/** Keeps `stream.digest` and `stream.at` as they are on screen, and replays what the address names. */
export function useStreamAddress(): void {
  useEffect(() => {
    const { query } = usePageStore.getState();
    const { phase, replayed, replay } = useStream.getState();
    const [digest, at] = [query["stream.digest"], query["stream.at"]];
    if (digest && phase === "idle" && replayed !== digest) replay(digest, at ? Number(at) : undefined);
  }, []);
  useEffect(
    () =>
      useStream.subscribe((now, before) => {
        if (now.phase === "idle" || now.phase === "waiting") return;
        const { set } = usePageStore.getState();
        const digest = now.tapes[0]?.end?.digest;
        if (digest && digest !== before.tapes[0]?.end?.digest) set({ "stream.digest": digest });
        if (now.phase === "ended" && !now.playing && digest) set({ "stream.at": String(now.cursor) });
      }),
    [],
  );
}

/** Space holds and lets go; the arrows move along the tokens. Keys of other controls stay theirs. */
export function useStreamKeys(panel: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
      const target = event.target instanceof HTMLElement ? event.target : null;
      const inside = panel.current?.contains(target) ?? false;
      if (event.key === " ") {
        if (target?.closest("button, summary, a, [role=application], [role=radio], input")) return;
        if (useStream.getState().phase === "idle") return;
        event.preventDefault();
        toggle();
      } else if (inside && !target?.closest("[role=application], input, [role=region]")) {
        const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
        if (!by) return;
        event.preventDefault();
        const { cursor, seek } = useStream.getState();
        seek(cursor + by);
      }
    };
    globalThis.addEventListener("keydown", listen);
    return () => globalThis.removeEventListener("keydown", listen);
  }, [panel]);
}

function toggle(): void {
  const { phase, playing, pause, resume, play } = useStream.getState();
  if (phase === "paused") resume();
  else if (isLive(phase)) pause();
  else play(!playing);
}
