/** Life of the 3D scene beside React: made when its canvas is there, driven by the feed, thrown away with it. */
import { type RefObject, useEffect, useRef, useState } from "react";
import type { BrainScene, Drawn } from "./scene/BrainScene";
import type { Feed } from "./feed";
import { type Linkage, strongest } from "./scene/links";
import type { BrainLook } from "./view";

interface Wanted {
  feed: Feed;
  look: BrainLook;
  reach: number;
  linkage: Linkage | null;
  /** Layer of the neuron that is selected. */
  layer: number | null;
  onDraw: (scene: BrainScene, drawn: Drawn) => void;
  /** Says why there is no third dimension. */
  onTrouble: (words: string) => void;
  onCamera: (camera: string) => void;
}

export const NO_WEBGL = "This browser draws no WebGL 2, so this is the flat view of the same numbers.";
export const LOST = "The graphics card let go of the 3D view, so this is the flat view of the same numbers.";
export const TOO_LARGE = "This model has more layers than a 3D texture holds, so this is the flat view.";

export function useScene(canvas: RefObject<HTMLCanvasElement | null>, wanted: Wanted): BrainScene | null {
  const { feed, look, reach, linkage, layer } = wanted;
  const scene = useMade(canvas, wanted);
  useEffect(() => {
    if (!scene) return undefined;
    const show = () => {
      const { activity } = feed.now();
      if (activity) scene.show(activity);
    };
    show();
    return feed.subscribe(show);
  }, [scene, feed]);
  const { above, hide, signed } = look;
  useEffect(
    () => scene?.look({ reach, least: hide ? above : 0, signed }),
    [scene, reach, above, hide, signed],
  );
  useEffect(() => scene?.link(strongest(linkage?.links ?? []), linkage?.signed), [scene, linkage]);
  useEffect(() => scene?.approach(layer), [scene, layer]);
  useSize(canvas, scene);
  return scene;
}

function useMade(canvas: RefObject<HTMLCanvasElement | null>, wanted: Wanted): BrainScene | null {
  const [scene, setScene] = useState<BrainScene | null>(null);
  const latest = useRef(wanted);
  useEffect(() => {
    latest.current = wanted;
  });
  useEffect(() => {
    let made: BrainScene | null = null;
    let left = false;
    const make = async () => {
      const { BrainScene: Made, LIMITS } = await import("./scene/BrainScene");
      const { activity } = latest.current.feed.now();
      if (left || !canvas.current) return;
      if (activity && activity.n_layers > LIMITS.layers) return latest.current.onTrouble(TOO_LARGE);
      made = new Made(canvas.current, {
        onDraw: (drawn) => made && latest.current.onDraw(made, drawn),
        onLost: () => latest.current.onTrouble(LOST),
        onCamera: (camera) => latest.current.onCamera(camera),
      });
      made.camera = latest.current.look.camera;
      setScene(made);
    };
    make().catch(() => left || latest.current.onTrouble(NO_WEBGL));
    return () => {
      left = true;
      made?.dispose();
      setScene(null);
    };
  }, [canvas]);
  return scene;
}

function useSize(canvas: RefObject<HTMLCanvasElement | null>, scene: BrainScene | null): void {
  useEffect(() => {
    const frame = canvas.current?.parentElement;
    if (!scene || !frame) return undefined;
    const fit = () => scene.resize(frame.clientWidth, frame.clientHeight, globalThis.devicePixelRatio || 1);
    fit();
    const observer = new ResizeObserver(fit);
    observer.observe(frame);
    return () => observer.disconnect();
  }, [canvas, scene]);
}
