import './cue-app';
