import type { HardwareTarget } from "./contract.js";

/** Ids of the built-in devices, each a target's; a test compares them with the devices. */
const DEVICES: Readonly<Record<HardwareTarget, string>> = {
  "arm-neon": "pixel-3 pixel-2 raspberry-pi-4",
  "arm-dot": "pixel-4 raspberry-pi-5 jetson-agx-orin-cpu",
  "qualcomm-hexagon": "galaxy-s24 qcs8550 galaxy-s25",
  "apple-neural-engine": "a17-pro a16",
  "nvidia-tensorrt": "jetson-agx-orin a100 l4",
  "intel-vnni": "xeon-8380 ice-lake-client two-core-vm skylake-no-vnni onnx-runtime-qdq",
};

/**
 * The target whose device has this id, also where the device's profile is not loaded; undefined for
 * any other name. Devices that every target has, such as the owner's document, are no one's.
 */
export function targetOfDevice(id: string): HardwareTarget | undefined {
  const found = Object.entries(DEVICES).find(([, ids]) => ids.split(" ").includes(id));
  return found?.[0] as HardwareTarget | undefined;
}
