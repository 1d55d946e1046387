/** Measures the 3D view on made-up activations: how many pictures a second, how many tokens a second. */
import { BrainScene } from "../../src/brain/scene/BrainScene";
import { placeOf } from "../../src/brain/scene/layout";
import { type Activity, statistics, valueAt } from "../../src/brain/scene/statistics";
import type { TokenFrame } from "../../src/api/shapes";
import { halfOf } from "../../src/live/activity";
import { block as blockOf, FrameParser } from "../../src/live/frames";

const [WIDTH, HEIGHT] = [1000, 700];

/** Frames whose sizes fall off as those of GELU neurons do; a few differ so that each picture is a new one. */
function frames(n_layers: number, n_neurons: number, detail: Activity["detail"], count: number): Activity[] {
  let seed = 1;
  const random = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
  const table = Uint16Array.from({ length: 4096 }, () => {
    const x = Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random()) * 1.2 - 0.9;
    return halfOf(x > 0 ? x * (1 + 4 * random() ** 8) : 0.17 * Math.tanh(x) * random());
  });
  return Array.from({ length: count }, (_frame, shift) => {
    const n = n_layers * n_neurons;
    if (detail === "int8") {
      const data = Int8Array.from({ length: n }, (_, at) => ((at * 2654435761 + shift * 97) >>> 7) % 255);
      return { n_layers, n_neurons, detail, data, scales: new Float32Array(n_layers).fill(0.01) };
    }
    const data = new Uint16Array(n);
    for (let at = 0; at < n; at += 1)
      data[at] = table[((at * 2654435761 + shift * 40503) >>> 9) & 4095] as number;
    return { n_layers, n_neurons, detail, data };
  });
}

function mounted() {
  const canvas = document.createElement("canvas");
  document.body.replaceChildren(canvas);
  const drawn = { count: 0, sharpness: 1, points: 0, plates: 0, lost: 0 };
  const scene = new BrainScene(canvas, {
    onDraw: ({ points, plates, sharpness }) =>
      Object.assign(drawn, { points, plates, sharpness, count: drawn.count + 1 }),
    onLost: () => (drawn.lost += 1),
  });
  scene.resize(WIDTH, HEIGHT, 1);
  return { canvas, scene, drawn };
}

const next = () => new Promise<number>((resolve) => requestAnimationFrame(resolve));

interface Asked {
  n_layers: number;
  n_neurons: number;
  detail: Activity["detail"];
  pictures: number;
}

/** Draws and reads back a pixel, so that the picture is surely done: at full resolution, a new frame each time. */
function drawing({ n_layers, n_neurons, detail, pictures }: Asked) {
  const { canvas, scene, drawn } = mounted();
  const all = frames(n_layers, n_neurons, detail, 4);
  const found = statistics(all[0] as Activity, 0.1);
  scene.look({ reach: found.reach, least: 0, signed: false });
  const gl = canvas.getContext("webgl2") as WebGL2RenderingContext;
  const pixel = new Uint8Array(4);
  const times: number[] = [];
  for (let at = 0; at < pictures + 2; at += 1) {
    const start = performance.now();
    scene.show(all[at % all.length] as Activity);
    scene.draw();
    gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, pixel);
    if (at >= 2) times.push(performance.now() - start);
  }
  scene.dispose();
  return { ms: times, points: drawn.points, plates: drawn.plates };
}

/** Lets the view draw at its own pace while frames come as fast as they can. */
async function streaming({ n_layers, n_neurons, detail, pictures }: Asked) {
  const { scene, drawn } = mounted();
  const all = frames(n_layers, n_neurons, detail, 4);
  scene.look({ reach: statistics(all[0] as Activity, 0.1).reach, least: 0, signed: false });
  scene.show(all[0] as Activity);
  await next();
  await next();
  const start = performance.now();
  const before = drawn.count;
  let last = start;
  const steps: number[] = [];
  let tokens = 0;
  while (steps.length < pictures) {
    scene.show(all[(tokens += 1) % all.length] as Activity);
    const time = await next();
    steps.push(time - last);
    last = time;
  }
  const seconds = (performance.now() - start) / 1000;
  const { sharpness } = drawn;
  const count = drawn.count - before;
  scene.dispose();
  return { frames_per_second: count / seconds, sharpness, steps };
}

/** One frame of a token as the server sends it, header and half-precision numbers. */
function wire({ n_layers, n_neurons, data }: Activity): Uint8Array {
  const block = {
    name: "activation",
    axes: ["layer", "neuron"],
    dtype: "float16",
    shape: [n_layers, n_neurons],
  };
  const words = JSON.stringify({
    kind: "token",
    position: 0,
    id: 1,
    text: " a",
    blocks: [{ ...block, offset: 0 }],
  });
  const header = new TextEncoder().encode(words.padEnd(Math.ceil(words.length / 8) * 8));
  const bytes = new Uint8Array(8 + header.length + data.byteLength);
  new DataView(bytes.buffer).setUint32(0, header.length, true);
  new DataView(bytes.buffer).setUint32(4, data.byteLength, true);
  bytes.set(header, 8);
  bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), 8 + header.length);
  return bytes;
}

/** Parses frames as they come over the wire for as long as asked, and draws the newest whenever there is time. */
async function ingesting({ n_layers, n_neurons, detail, pictures }: Asked) {
  const { scene, drawn } = mounted();
  const all = frames(n_layers, n_neurons, detail, 4).map(wire);
  const parser = new FrameParser();
  scene.look({ reach: 1, least: 0, signed: false });
  const start = performance.now();
  let tokens = 0;
  let told = 0;
  while (drawn.count < pictures) {
    const until = performance.now() + 20;
    while (performance.now() < until) {
      for (const { header, payload } of parser.push(all[tokens % all.length] as Uint8Array)) {
        tokens += 1;
        const data = blockOf(header as TokenFrame, payload, "activation") as Uint16Array;
        const activity = { n_layers, n_neurons, detail, data };
        scene.show(activity);
        if (performance.now() - told > 100) {
          statistics(activity, 0.1);
          told = performance.now();
        }
      }
    }
    await next();
  }
  const seconds = (performance.now() - start) / 1000;
  scene.dispose();
  return { tokens_per_second: tokens / seconds, frames_per_second: drawn.count / seconds };
}

/** Makes and throws away the view, and says what the graphics card still holds. */
function leaving(times: number) {
  const left = { geometries: 0, textures: 0, programs: 0 };
  for (let at = 0; at < times; at += 1) {
    const { scene } = mounted();
    const [one, other] = [frames(2, 60, "f16", 1)[0] as Activity, frames(3, 50, "int8", 1)[0] as Activity];
    for (const activity of [one, other]) {
      scene.show(activity);
      scene.link([
        { from: { sort: "neuron", layer: 0, unit: 1 }, to: { sort: "stream", layer: 1 }, strength: 1 },
      ]);
      scene.draw();
    }
    scene.dispose();
    const { memory, programs } = scene.renderer.info;
    left.geometries += memory.geometries;
    left.textures += memory.textures;
    left.programs += programs?.length ?? 0;
  }
  return left;
}

/** Whether the pick at a neuron's own place gives that neuron, where no other is bright; for many neurons. */
function picking({ n_layers, n_neurons, detail, pictures }: Asked) {
  const { scene } = mounted();
  const n = n_layers * n_neurons;
  let wrong = 0;
  for (let at = 0; at < pictures; at += 1) {
    const unit = { layer: (at * 7) % n_layers, neuron: (at * 7919) % n_neurons };
    const data = detail === "int8" ? new Int8Array(n) : new Uint16Array(n);
    data[unit.layer * n_neurons + unit.neuron] = detail === "int8" ? 100 : halfOf(1);
    const activity = { n_layers, n_neurons, detail, data, scales: new Float32Array(n_layers).fill(0.01) };
    scene.look({ reach: 1, least: 0, signed: false });
    scene.show(activity);
    scene.draw();
    if (Math.abs(valueAt(activity, unit) - 1) > 1e-6) wrong += 1;
    const spot = scene.shape && scene.project(placeOf(scene.shape, unit));
    const found = spot && scene.pick(spot);
    if (found?.layer !== unit.layer || found.neuron !== unit.neuron) wrong += 1;
  }
  scene.dispose();
  return { asked: pictures, wrong };
}

Object.assign(globalThis, {
  timing: { drawing, streaming, ingesting, leaving, picking, mounted, frames, statistics },
});
