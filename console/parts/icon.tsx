const paths = {
  bell: 'M8 1.5a4 4 0 0 0-4 4V9l-1.5 2.5h11L12 9V5.500a4 4 0 0 0-4-4zM6.5 13.500a1.5 1.5 0 0 0 3 0',
  fleet: 'M2 3h5v4H2zM9 3h5v4H9zM2 9.500h5v4H2zM9 9.500h5v4H9z',
  audit: 'M3 2h10v12H3zM5.5 5.5h5M5.5 8h5M5.5 10.5h3',
  rules: 'M2 4h7M12 4h2M10.5 2.500v3M2 8h2M7 8h7M5.5 6.500v3M2 12h6M11 12h3M9.5 10.500v3',
  mail: 'M2 3.500h12v9H2zM2 4l6 5 6-5',
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={paths[name]} />
    </svg>
  );
}
