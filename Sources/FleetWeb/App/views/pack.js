import { loading } from '../parts/basics.js';
export default () => () => loading();
