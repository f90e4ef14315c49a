// swagger-parser reads and validates the contract, with every reference resolved.
import parser from "@apidevtools/swagger-parser";

await parser.validate(process.argv[2]);
