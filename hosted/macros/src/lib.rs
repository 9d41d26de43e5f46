//! The attribute `test` of splitbrain-hosted.

use proc_macro::TokenStream;
use proc_macro_crate::{FoundCrate, crate_name};
use proc_macro2::{Span, TokenStream as Tokens};
use quote::quote;
use syn::parse::{Parse, ParseStream};
use syn::{Expr, ExprLit, Ident, ItemFn, Lit, Token, parse_macro_input};

/// `seeds = 100`, `seeds = 5..50`, `scenario = "scenarios/failover.toml"`, `scenario = my_scenario()`,
/// `limit = Duration::from_secs(60)`.
struct Arguments {
    seeds: Option<Expr>,
    scenario: Option<Expr>,
    limit: Option<Expr>,
}

impl Parse for Arguments {
    fn parse(input: ParseStream<'_>) -> syn::Result<Arguments> {
        let mut arguments = Arguments { seeds: None, scenario: None, limit: None };
        while !input.is_empty() {
            let name: Ident = input.parse()?;
            input.parse::<Token![=]>()?;
            let value: Expr = input.parse()?;
            let place = match &*name.to_string() {
                "seeds" => &mut arguments.seeds,
                "scenario" => &mut arguments.scenario,
                "limit" => &mut arguments.limit,
                other => {
                    return Err(syn::Error::new(
                        name.span(),
                        format!("there is no argument `{other}`; expected `seeds`, `scenario` or `limit`"),
                    ));
                }
            };
            if place.replace(value).is_some() {
                return Err(syn::Error::new(name.span(), format!("`{name}` is given twice")));
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(arguments)
    }
}

/// Makes a test of an async function that takes a `Cluster`. It is played for each of its seeds (20 if none are given), in the
/// cluster of its scenario: a path below the folder of Cargo.toml, or an expression of type `Scenario`; without one, a
/// master, two replicas, three Sentinels. A `limit`, a `Duration`, is how long the code may take; an hour if none is given.
#[proc_macro_attribute]
pub fn test(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let arguments = parse_macro_input!(arguments as Arguments);
    let function = parse_macro_input!(item as ItemFn);
    match expand(arguments, &function) {
        Ok(tokens) => tokens.into(),
        Err(error) => error.to_compile_error().into(),
    }
}

fn expand(arguments: Arguments, function: &ItemFn) -> syn::Result<Tokens> {
    if function.sig.asyncness.is_none() {
        return Err(syn::Error::new_spanned(&function.sig, "the test must be an `async fn`"));
    }
    if function.sig.inputs.len() != 1 {
        return Err(syn::Error::new_spanned(&function.sig, "the test takes one argument: `cluster: Cluster`"));
    }
    let hosted = match crate_name("splitbrain-hosted") {
        Ok(FoundCrate::Name(name)) => {
            let name = Ident::new(&name, Span::call_site());
            quote!(::#name)
        }
        _ => quote!(::splitbrain_hosted),
    };
    let seeds = match arguments.seeds {
        None => quote!(0..20),
        Some(range @ Expr::Range(_)) => quote!(#range),
        Some(count) => quote!(0..#count),
    };
    let scenario = match arguments.scenario {
        None => quote!(),
        Some(Expr::Lit(ExprLit { lit: Lit::Str(path), .. })) => quote! {
            let path = ::std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(#path);
            let test = match test.file(&path) {
                Ok(test) => test,
                Err(error) => panic!("{error}"),
            };
        },
        Some(scenario) => quote!(let test = test.scenario(#scenario);),
    };
    let limit = arguments.limit.map(|limit| quote!(let test = test.limit(#limit);));
    let (attributes, visibility, name, body) = (&function.attrs, &function.vis, &function.sig.ident, &function.block);
    let inputs = &function.sig.inputs;
    let text = name.to_string();
    Ok(quote! {
        #(#attributes)*
        #[::core::prelude::v1::test]
        #visibility fn #name() {
            async fn code(#inputs) #body
            let test = #hosted::Hosted::new(#text, #seeds);
            #scenario
            #limit
            #hosted::run(test, code);
        }
    })
}
